"""The few hundred articles of an archive that are worth labelling, and a random share beside them.

`options` says what is wanted, `survey` reads the archive once and keeps a few numbers of each article,
`choose` takes from these, `select` reads the texts of the few that may be taken and writes what was chosen.
"""
