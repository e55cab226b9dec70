"""The texts that annotators read, by language: a catalogue each, `en.toml` for English.

Asked for by a schema's or a project's language; where that has no catalogue, English. `{…}` in a text is
filled in by who asks for it.
"""

from goldwire.messages.catalogue import Messages, fallback_note, in_all_languages, languages, messages_in

__all__ = ["Messages", "fallback_note", "in_all_languages", "languages", "messages_in"]
