"""Label Studio: a server of one's own, articles up, annotations down, several annotators, models beside them.

`assign_and_status` and `push_and_pull` are a round as a user goes through it: `sync` sends articles and
brings annotations home, by `passes` where a schema is marked in several, for the `team` that articles are
given to; `labelstudio` is the server and the client that all of them talk through, `records` what a project
keeps of its annotators. What came home goes on to `adjudication`, `registry`, `migration` and the team's page
(`report`); `ml_backend` and `drafting` have a model mark first.
"""
