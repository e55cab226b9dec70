"""Articles put together from an export's files, in each of which is what one annotator marked."""

from __future__ import annotations

from msgspec import structs

from goldwire.annotations.integrity import article_faults, twice
from goldwire.errors import Fault
from goldwire.formats.inception.files import INITIAL, ExportFile
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article, Document


class Documents:
    """Takes in articles as they are read; two annotators of one document are two annotations of it."""

    def __init__(self, setting: ConversionOptions, code: str) -> None:
        self.setting, self.code = setting, code
        self._read: list[tuple[Article, ExportFile]] = []

    def add(self, article: Article, file: ExportFile) -> None:
        """Take in what a file holds: a document with at most one annotation."""
        self._read.append((article, file))

    def joined(self) -> list[Article]:
        """The articles, in the order of their first files; what breaks the model's rules is refused."""
        texts: dict[str, set[str]] = {}
        for article, _ in self._read:
            texts.setdefault(article.document.id, set()).add(article.document.text)
        articles: dict[str, Article] = {}
        for article, file in self._read:
            if len(texts[article.document.id]) > 1 and file.document != article.document.id:
                self.setting.note("documents of one title, called by their files", file.place)
                article = _renamed(article, file.document)
            earlier = articles.get(article.document.id, Article(article.document))
            faults = [*article_faults(article, file.place)]
            if earlier.document != article.document:
                message = f"another `{article.document.id}` than in an earlier file"
                faults.append(Fault(self.code, message, file.place, "one text for each document"))
            names = {annotation.annotator for annotation in earlier.annotations}
            for annotation in article.annotations:
                if annotation.annotator in names:
                    faults.append(twice(annotation.annotator, file.place))
            if faults:
                self.setting.refuse(file.place, *faults)
                continue
            joined = Article(earlier.document, (*earlier.annotations, *article.annotations))
            articles[earlier.document.id] = joined
        return [self._without_initial(article) for article in articles.values()]

    def _without_initial(self, article: Article) -> Article:
        """Where people annotated, what stood there before them is no annotation of its own."""
        people = tuple(each for each in article.annotations if each.annotator != INITIAL)
        if not people or len(people) == len(article.annotations):
            return article
        self.setting.note(f"what stood there before anybody annotated ({INITIAL})", article.document.id)
        return Article(article.document, people)


def _renamed(article: Article, name: str) -> Article:
    document = Document(name, article.document.text, article.document.meta)
    annotations = (structs.replace(each, document=name) for each in article.annotations)
    return Article(document, tuple(annotations))
