"""How the server would run a query: mixed into the tests that hold queries to their index."""

from pymongo import MongoClient, monitoring

# What of an answer is no plan, or one that was not chosen.
NO_PLAN = ("command", "parsedQuery", "rejectedPlans", "slotBasedPlan")
COMMANDS = ("find", "aggregate", "update", "delete", "findAndModify")
BY_ID = ("IDHACK", "EXPRESS_CLUSTERED_IXSCAN")  # stages for a single _id, without an index's name


def stages(answer):
    """Return the stages in an answer to `explain`, outermost first, with their indexes.

    However the server nests them: a mongos within shards, an aggregation within its stages,
    MongoDB 5 and later within queryPlan.
    """
    if isinstance(answer, list):
        return [stage for one in answer for stage in stages(one)]
    if not isinstance(answer, dict):
        return []
    found = [answer[key] for key in ("stage", "indexName") if isinstance(answer.get(key), str)]
    if found and found[0] in BY_ID:
        found.append("_id_")
    return found + stages([answer[key] for key in answer if key not in NO_PLAN])


class Explain:
    """Mixed into a DatabaseTestCase."""

    def plans(self, call):
        """Return the plans of the queries that `call` sends, as the server explains them."""
        found = []

        class Listener(monitoring.CommandListener):
            def started(self, event):
                if event.command_name in COMMANDS:
                    found.append(event.command)

            def succeeded(self, event):
                pass

            failed = succeeded

        codecs = self.database.codec_options
        with MongoClient(self.uri, event_listeners=[Listener()]) as client:
            call(client.get_database(self.name, codecs))
        plans = []
        for command in found:
            name = next(iter(command))
            wanted = {"find", "filter", "sort", "limit", "aggregate", "pipeline", "cursor", "hint"}
            query = {key: value for key, value in command.items() if key in wanted}
            if name in ("update", "delete"):
                # A write's plan is the plan of the find for its filter.
                (write,) = command[f"{name}s"]
                query = {"find": command[name], "filter": write["q"]}
                query |= {key: write[key] for key in ("hint",) if key in write}
            if name == "findAndModify":
                query = {"find": command[name], "filter": command["query"], **query}
            explain = {"explain": query, "verbosity": "queryPlanner"}
            answer = self.database.command(explain, codec_options=codecs)
            plans.append(stages(answer))
        return plans

    def assert_uses(self, index, call):
        """Assert that `call` is one query, on `index`, that neither scans nor sorts."""
        (plan,) = self.plans(call)
        # The embedded server sorts what it finds by any index of several fields.
        is_embedded = "secantusVersion" in self.database.client.admin.command("buildInfo")
        may_sort = is_embedded and index != "_id_"
        self.assertFalse({"COLLSCAN", *([] if may_sort else ["SORT"])} & set(plan), plan)
        self.assertIn(index, plan)
