"""Drafts by a language model: it quotes, and what it quotes is looked up in the article.

`settings` says whom to ask and how, `passages` cuts an article, `plan`, `prompt` and `answer_schema` make the
request, `client` sends it, `cache` keeps what came, and `asker` is over both; `answers` reads it, `align`
finds the quotes, `passage_draft` asks a second time for what was wrong, `drafter` goes through an article's
layers, `run` through the articles; `account` counts, and `project_drafts` is all of it for a project.
"""
