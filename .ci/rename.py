"""Renames a copy of the template with the README's own commands, and runs its tests there."""

import re

from tree import CODE, copied, lint, run, section, test


def main() -> None:
    """Rename, look for the old name, lint, test."""
    (commands,) = re.findall(r"(?s)```sh\n(.*?)```", section("Rename it"))
    with copied() as root:
        run("git", "init", "-q", cwd=root)
        run("git", "add", "-A", cwd=root)
        someone = ("-c", "user.name=rename", "-c", "user.email=rename@localhost")
        run("git", *someone, "commit", "-qm", "As it is", cwd=root)
        run("bash", "-ec", commands, cwd=root)
        (config,) = root.glob("*/config.py")
        code = config.parent.name
        if code == CODE:
            raise SystemExit("README's commands leave the folder its name")
        for path in root.rglob("*"):
            is_ours = path.is_file() and ".git/" not in path.relative_to(root).as_posix()
            if is_ours and path.name != "LICENSE" and CODE.lower() in path.read_text().lower():
                raise SystemExit(f"{path.relative_to(root)} still says {CODE}")
        lint(root, code)
        print(f"renamed to {code}: {test(root, code=code)}", flush=True)


if __name__ == "__main__":
    main()
