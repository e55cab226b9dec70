"""Work in passes: the screen of each pass, articles sent on from pass to pass, all of them one annotation.

`records.passes` says which passes there are, `screen` what each shows. `push` sends an article to a pass once
its annotator has done the one before, with what that made, and `load` stored annotations; `pull` reads the
passes of one annotator and article (`reading`) and composes them (`compose`).
"""
