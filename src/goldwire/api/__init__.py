"""goldwire as functions: what `import goldwire` gives, and what the command line calls.

Arguments come as is handy (a path, articles in memory, a project), what comes back are the model's classes
and results that know their tables. `data` reads, writes and counts, `evaluation` scores, `models` learns and
predicts, `archives` does so with what no memory holds; the work is done in the rooms below.
"""
