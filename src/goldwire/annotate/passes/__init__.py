"""Work in passes: the screen of each pass, articles sent on from pass to pass, all of them one annotation.

`records.passes` says which passes there are. `push` sends an article to a pass once its annotator has done
the one before, with what that made; `pull` composes the passes of one annotator and article (`compose`).
"""
