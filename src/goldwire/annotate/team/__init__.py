"""Several annotators: who has which article, how far each one is, what each one learns and is told.

`assign` gives out articles, some of them `gold_checks` or `practice` (its answer: `practice_page`); `load`
puts stored annotations into their annotators' projects, `status` asks how far they are, `feedback` tells what
their work breaks, `task_links` where an article's task is.
"""
