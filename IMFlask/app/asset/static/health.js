// Whether the application and its database answer.

import { repeated, root, whileSeen } from "./shared.js";

const SENTENCES = {
  0: "The application does not answer.",
  200: "The database answers.",
  503: "The database does not answer.",
};
const place = document.getElementById("health");

async function showHealth() {
  let status = 0;
  try {
    const answer = await fetch(`${root}/health/ready`, repeated());
    await answer.arrayBuffer(); // an unread one keeps its connection
    status = answer.status;
  } catch {
    // Nobody listens there, or has the time.
  }
  const sentence = SENTENCES[status] ?? `/health/ready answers ${status}.`;
  // What does not change is not read out again.
  if (place.textContent !== sentence) {
    place.textContent = sentence;
    place.className = status === 200 ? "good" : "worse";
  }
}

whileSeen(showHealth);
