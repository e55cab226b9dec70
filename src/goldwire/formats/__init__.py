"""Formats in and out, every one only to and from the model.

`registry` names them all, `convert` brings one into another as `options` say; each has a module or a room
of its own. What a target can't hold is put down in the options and told, never dropped in silence.
"""
