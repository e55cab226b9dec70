"""What a schema gives annotators: Label Studio's config and the guidelines.

`label_config` writes the config, with `keys` that choose labels and `picks` of ids, in the style of
`screen.css`. `guidelines` writes the text, `guide` its page and the sheets beside the work. `rendered` knows
which files these are.
"""
