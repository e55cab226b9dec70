"""One Label Studio: the server of one's own, and any server as a client sees it.

`installation`, `server` and `database` run one (by `lighter`, with `ssrf` in place); `transport` and `client`
talk to one; `projects`, `users`, `views` and `guide` know what is on it, `config_difference` what a new label
config takes from it. `signals` keeps Ctrl-C out of a request.
"""
