"""What the tests share: no unit test opens a socket unseen, plans of all servers are read."""

import socket
import unittest

from tests.case import UnitTestCase
from tests.integration.explain import stages

SCAN = {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1", "keyPattern": {}}}
QUERY = {"parsedQuery": {"stage": {"$eq": "x"}}, "rejectedPlans": [{"stage": "COLLSCAN"}]}
CLASSIC = {"queryPlanner": {**QUERY, "winningPlan": SCAN}}
SBE_PLAN = {"queryPlan": SCAN, "slotBasedPlan": {"stages": "[1] nlj", "stage": "COLLSCAN"}}
SBE = {"explainVersion": "2", "queryPlanner": {**QUERY, "winningPlan": SBE_PLAN}}


class GuardTestCase(unittest.TestCase):
    """UnitTestCase"""

    def run_test(self, body):
        class Inner(UnitTestCase):
            def runTest(self):
                body()

        result = unittest.TestResult()
        Inner().run(result)
        return result

    def test_socket_fails_the_test(self):
        """Opened, and refused"""
        self.assertFalse(self.run_test(socket.socket).wasSuccessful())


class ExplainTestCase(unittest.TestCase):
    """Shapes of https://www.mongodb.com/docs/manual/reference/explain-results"""

    @staticmethod
    def through_mongos(stage, *plans):
        shards = [{"shardName": f"rs{n}", **plan["queryPlanner"]} for n, plan in enumerate(plans)]
        return {"queryPlanner": {"winningPlan": {"stage": stage, "shards": shards}}}

    def test_plans_of_all_servers(self):
        """Both engines, single stages, several inputs, aggregations, through a mongos"""
        either = {"stage": "OR", "inputStages": [SCAN["inputStage"], {"stage": "COLLSCAN"}]}
        express = {"stage": "EXPRESS_IXSCAN", "keyPattern": "{ _id: 1 }", "indexName": "_id_"}
        cursor = {"stages": [{"$cursor": CLASSIC}, {"$group": {"_id": "$a"}}], "command": SCAN}
        expected = ["FETCH", "IXSCAN", "a_1"]
        for answer, found in (
            (CLASSIC, expected),
            (SBE, expected),
            (self.through_mongos("SINGLE_SHARD", CLASSIC), ["SINGLE_SHARD", *expected]),
            (self.through_mongos("SHARD_MERGE", CLASSIC, SBE), ["SHARD_MERGE", *expected * 2]),
            ({"winningPlan": either}, ["OR", "IXSCAN", "a_1", "COLLSCAN"]),
            ({"winningPlan": express}, ["EXPRESS_IXSCAN", "_id_"]),
            ({"winningPlan": {"stage": "IDHACK"}}, ["IDHACK", "_id_"]),
            (cursor, expected),
            ({"shards": {"rs0": cursor, "rs1": SBE}}, expected * 2),
        ):
            self.assertEqual(stages(answer), found)
