"""One Label Studio: the server of one's own, and any server as a client sees it.

`installation`, `server` and `database` run one; `transport` and `client` talk to one; `projects`, `users`
and `label_config` know what is on it.
"""
