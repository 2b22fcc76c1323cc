"""How the server would run a query: mixed into the tests that hold queries to their index."""

from pymongo import MongoClient, monitoring


def stages(plan):
    """Return the stages of a query plan, outermost first, with their indexes."""
    plan = plan.get("queryPlan", plan)  # where mongod has put it since version 5
    found = [plan["stage"]]
    if "indexName" in plan:
        found.append(plan["indexName"])
    if "inputStage" in plan:
        found += stages(plan["inputStage"])
    return found


class Explain:
    """Mixed into a DatabaseTestCase."""

    def plans(self, call):
        """Return the plans of the finds that `call` sends, as the server explains them."""
        found = []

        class Listener(monitoring.CommandListener):
            def started(self, event):
                if event.command_name in ("find", "update", "delete"):
                    found.append(event.command)

            def succeeded(self, event):
                pass

            failed = succeeded

        with MongoClient(self.uri, tz_aware=True, event_listeners=[Listener()]) as client:
            call(client[self.name])
        plans = []
        for command in found:
            name = next(iter(command))
            wanted = {"find", "filter", "sort", "limit", "hint", "update", "updates"}
            query = {key: value for key, value in command.items() if key in wanted}
            if name in ("update", "delete"):
                # A write's plan is the plan of the find for its filter.
                (write,) = command[f"{name}s"]
                query = {"find": command[name], "filter": write["q"]}
                query |= {key: write[key] for key in ("hint",) if key in write}
            answer = self.database.command({"explain": query, "verbosity": "queryPlanner"})
            plans.append(stages(answer["queryPlanner"]["winningPlan"]))
        return plans

    def assert_uses(self, index, call):
        """Assert that `call` is one query, on `index`, that neither scans nor sorts."""
        (plan,) = self.plans(call)
        self.assertFalse({"COLLSCAN", "SORT"} & set(plan), plan)
        # mongod has stages of their own for a single _id.
        self.assertTrue(index in plan or "IDHACK" in plan or "EXPRESS_IXSCAN" in plan, plan)
