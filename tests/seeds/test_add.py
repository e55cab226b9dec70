"""Articles of any kind become a project's: safely named, none twice, all of them or none."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.new_project import make_project
from goldwire.project import Project
from goldwire.seeds import load_seeds, unlisted
from goldwire.seeds.add import Addition, add_articles

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Harbour reopened | The Kelmouth Post</title>
<meta name="author" content="Ida Marsh"><meta property="og:site_name" content="The Kelmouth Post">
<meta property="article:published_time" content="2024-03-04T08:00:00Z">
<meta property="og:title" content="Harbour reopened"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article><h1>Harbour reopened</h1>
<p>The harbour of Kelmouth reopened on Monday after nine days. Mayor Ada Brent thanked the Coast Guard.</p>
<p>The burning ferry had been towed out of the channel on Saturday night, with nobody on board any more.</p>
</article><footer>© The Kelmouth Post. Cookies. Imprint.</footer></body></html>"""
FERRY = (
    "The harbour of Kelmouth reopened on Monday after nine days.\nMayor Ada Brent thanked the Coast Guard."
)
STRIKE = "Dockers in Kelmouth will stop work on Friday. Northsea Lines did not comment on it."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return make_project(tmp_path / "project", name="harbour", language="en")


def written(folder: Path, **files: str | bytes) -> Path:
    """A folder with these files; `__` in a name is a dot, `_S_` a slash."""
    for name, content in files.items():
        path = folder / name.replace("_S_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def run(project: Project, *words: str) -> Result:
    """`goldwire seeds` with these words."""
    return CliRunner().invoke(cli, ["seeds", words[0], "--project", str(project.root), *words[1:]])


def ids(addition: Addition) -> list[str]:
    """The ids that were given."""
    return [article.id for article in addition.articles]


def refused(project: Project, *paths: Path, **options: object) -> list[tuple[str, str]]:
    """Why nothing is taken: code and place of each fault but the last, which says so."""
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    with pytest.raises(GoldwireError) as caught:
        add_articles(project, *paths, **options)  # type: ignore[arg-type]
    assert before == {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    *faults, last = caught.value.faults
    assert last.code == "GW709" and "nothing was added" in last.message
    return [(fault.code, fault.where) for fault in faults]


def test_text_page_csv_and_json_lines_become_articles(project: Project, tmp_path: Path) -> None:
    """A folder of all kinds: each article is read from then on, with what was known of it."""
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [["headline", "body", "date"], ["A bridge", "Ada Brent opened it; cheers.", "2024-06-13"]]
    )
    line = json.dumps({"id": 7, "content": "Nothing happened in Port Salt.", "mood": "calm"})
    folder = written(
        tmp_path / "in", ferry__html=PAGE, strike__txt=STRIKE, bridge__csv=rows.getvalue(), quiet__jsonl=line
    )
    addition = add_articles(project, folder)
    documents = {document.id: document for document in load_seeds(project)}
    assert set(ids(addition)) == set(documents) == {"ferry", "strike", "bridge-1", "7"}
    assert documents["strike"].text == STRIKE
    page = documents["ferry"]
    assert "Coast Guard" in page.text and "Cookies" not in page.text and "Sport" not in page.text
    assert page.meta["title"] == "Harbour reopened" and page.meta["published"] == "2024-03-04"
    assert page.meta["author"] == "Ida Marsh" and page.meta["source"] == "The Kelmouth Post"
    assert documents["bridge-1"].meta["title"] == "A bridge"
    assert documents["bridge-1"].meta["published"] == "2024-06-13"
    assert documents["7"].meta["mood"] == "calm"
    assert unlisted(project) == []


def test_what_each_column_was_taken_for_is_told(project: Project, tmp_path: Path) -> None:
    """Guessed by name, with another name when it is said; the delimiter is found."""
    written(tmp_path, a__csv=f"Überschrift;Inhalt;Datum\nFähre;{STRIKE};1.3.2024\n")
    said = run(project, "add", "--dry-run", str(tmp_path / "a.csv")).output
    assert "text from `Inhalt`" in said and "published from `Datum`" in said
    assert "title" not in said.split("text from")[0].split("a.csv:")[-1]
    words = ("--column", "title=Überschrift", "--column", "id=Datum")
    said = run(project, "add", str(tmp_path / "a.csv"), *words).output
    assert "title from `Überschrift`" in said and "id from `Datum`" in said
    [document] = load_seeds(project)
    assert (document.id, document.meta["title"]) == ("1.3.2024", "Fähre")


def test_a_column_of_long_texts_needs_no_telling_name(project: Project, tmp_path: Path) -> None:
    """The one whose values are long is the text; where two are, it has to be said."""
    long = STRIKE * 3
    written(tmp_path, a__csv=f"x,y\none,{long}\n", b__csv=f"x,y\n{long},{long}!\n", c__csv="x,y\na,b\n")
    assert add_articles(project, tmp_path / "a.csv", dry_run=True).columns == {
        str(tmp_path / "a.csv"): {"text": "y"}
    }
    for name in ("b.csv", "c.csv"):
        with pytest.raises(GoldwireError, match=r"GW704 .*--column text=NAME, one of: x, y"):
            add_articles(project, tmp_path / name)
    with pytest.raises(GoldwireError, match=r"GW703 .*`z`.*one of: x, y"):
        add_articles(project, tmp_path / "b.csv", columns={"text": "z"})


def test_a_zip_and_a_folder_give_the_same(project: Project, tmp_path: Path) -> None:
    """Also with names that an old program wrote, with hidden files and those of other kinds beside."""
    folder = written(
        tmp_path / "in",
        été_S_a__txt=FERRY,
        été_S_b__txt=STRIKE,
        __hidden__txt="x",
        c__png=b"\x89PNG",
        README__txt="x",
    )
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    from_folder, from_zip = (add_articles(project, each, dry_run=True) for each in (folder, path))
    assert ids(from_folder) == ids(from_zip) == ["a", "b"]
    assert len(from_folder.passed) == len(from_zip.passed) == 2


def test_nothing_leaves_an_archive(project: Project, tmp_path: Path) -> None:
    """Names that climb are names and no paths; what inflates beyond measure, or is nested, is refused."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escape.txt", STRIKE)
        archive.writestr("/etc/root.txt", FERRY)
    assert ids(add_articles(project, path)) == ["escape", "root"]
    assert {file.parent for file in tmp_path.rglob("*.txt")} == {project.seeds / "articles"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"0" * (70 << 20))
    assert refused(project, path) == [("GW702", str(path))]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", b"PK")
    assert refused(project, path) == [("GW702", f"{path}!inner.zip")]
    path.write_bytes(b"PK\x03\x04 no zip")
    assert refused(project, path) == [("GW702", str(path))]


def test_each_refusal_is_named_and_then_nothing_is_written(project: Project, tmp_path: Path) -> None:
    """Or the rest is, when that is asked for; a preview says the same and writes nothing."""
    folder = written(
        tmp_path / "in",
        good__txt=STRIKE, latin__txt="Élysée".encode("latin-1"), empty__txt=" \n", null__txt="a\0b",
        report__pdf=b"%PDF-1.7", menu__html="<html><body></body></html>", rows__csv="text\na,b\n",
        lines__jsonl='{"text": 3}\n{"text": "Fine."}\n[1]\n',
    )  # fmt: skip
    codes = {
        "empty.txt": "GW705", "latin.txt": "GW903", "lines.jsonl:1": "GW707", "lines.jsonl:3": "GW224",
        "menu.html": "GW706", "null.txt": "GW705", "report.pdf": "GW287", "rows.csv:2": "GW225",
    }  # fmt: skip
    found = {Path(where).name: code for code, where in refused(project, folder)}
    assert found == codes
    preview = run(project, "add", "--dry-run", str(folder))
    assert preview.exit_code == 1 and all(name in preview.output for name in codes)
    assert load_seeds(project) == []
    done = run(project, "add", "--lenient", str(folder))
    assert done.exit_code == 0 and all(name in done.output for name in codes)
    assert [document.text for document in load_seeds(project)] == [STRIKE, "Fine."]


def test_other_encodings_are_read_when_they_are_named_or_marked(project: Project, tmp_path: Path) -> None:
    """Windows' by name, UTF-16 by its mark, a page by what it says; an unknown name is refused."""
    text = "L’Élysée a réagi : « non », a-t-il dit."
    page = PAGE.replace("utf-8", "iso-8859-1").replace("Ada Brent", "Adèle Brünt")
    written(
        tmp_path,
        a__txt=text.encode("cp1252"),
        b__txt=f"{text}!".encode("utf-16"),
        c__html=page.encode("latin-1"),
    )
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    assert len(add_articles(project, *paths, encoding="windows-1252").articles) == 2
    assert len(add_articles(project, tmp_path / "c.html").articles) == 1
    texts = [document.text for document in load_seeds(project)]
    assert texts[:2] == [text, f"{text}!"] and "Adèle Brünt" in texts[2]
    with pytest.raises(GoldwireError, match="GW710"):
        add_articles(project, tmp_path / "a.txt", encoding="no-such")


def test_duplicates_are_left_out_and_near_ones_told(project: Project, tmp_path: Path) -> None:
    """Of one text the first is taken, a second run adds nothing; what is nearly the same is named."""
    long = " ".join(f"word{n}" for n in range(60))
    folder = written(
        tmp_path / "in",
        a__txt=long,
        b__txt=f"{long}\r\n",
        c__txt=long.replace("word59", "other"),
        d__txt=long,
    )
    addition = add_articles(project, folder)
    assert ids(addition) == ["a", "b", "c"] and [
        (Path(s.place).name, Path(s.of).name) for s in addition.same
    ] == [("d.txt", "a.txt")]
    assert {(pair.id, pair.other) for pair in addition.near} >= {("b", "a"), ("c", "a")}
    again = add_articles(project, folder)
    assert again.articles == () and {same.id for same in again.same} == {"a", "b", "c"}
    said = run(project, "add", str(folder)).output
    assert "0 added, 4 there already" in said


def test_near_duplicates_are_found_in_scripts_without_spaces(project: Project, tmp_path: Path) -> None:
    """By their characters."""
    text = "市长周一宣布港口重新开放，感谢海岸警卫队把燃烧的渡轮拖出航道。码头工人周五将停止工作。"
    folder = written(
        tmp_path / "in",
        a__txt=text,
        b__txt=text.replace("周五", "周六"),
        c__txt="新桥于周四在盐港开通，交通部支付了费用。",
    )
    assert [(pair.id, pair.other) for pair in add_articles(project, folder).near] == [("b", "a")]


@given(
    names=st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=90
        ).filter(lambda n: n not in (".", "..") and len(n.encode()) < 200),
        unique=True,
        min_size=1,
        max_size=5,
    ).filter(lambda names: not all(name.startswith(".") for name in names))  # hidden files are no articles
)
def test_ids_of_any_names_are_safe_and_unique(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not empty, not hidden, no path, and different even where case makes no difference."""
    root = tmp_path_factory.mktemp("ids")
    home = make_project(root / "project", name="harbour", language="en")
    path = root / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(f"{name}.txt", f"Text {number}.")
    addition = add_articles(home, path)
    given = ids(addition)
    assert len({name.casefold() for name in given}) == len(given)
    for article in addition.articles:
        assert article.id.strip("-._") and "/" not in article.id and len(article.id) <= 90
        assert (home.seeds / article.file).resolve().parent == (home.seeds / "articles").resolve()
    assert len(load_seeds(home)) == len(given)


def test_files_of_one_name_are_told_apart_by_their_folders(project: Project, tmp_path: Path) -> None:
    """And an id that was made gets a number where another text has it."""
    folder = written(tmp_path / "in", y2023_S_report__txt=FERRY, y2024_S_report__txt=STRIKE)
    assert ids(add_articles(project, folder)) == ["y2023-report", "y2024-report"]
    written(tmp_path / "more", y2023_report__txt="x")
    (tmp_path / "more/y2023-report.txt").write_text("A third text.")
    assert ids(add_articles(project, tmp_path / "more/y2023-report.txt")) == ["y2023-report-2"]


def test_an_id_that_came_with_the_article_is_kept_or_refused(project: Project, tmp_path: Path) -> None:
    """It may be any name, also one that no file could have; one that another text has is refused."""
    lines = [{"id": "../x/é 1", "text": FERRY}, {"id": "CON", "text": STRIKE}]
    written(tmp_path, a__jsonl="".join(json.dumps(line) + "\n" for line in lines))
    assert ids(add_articles(project, tmp_path / "a.jsonl")) == ["../x/é 1", "CON"]
    assert [document.id for document in load_seeds(project)] == ["../x/é 1", "CON"]
    written(tmp_path, b__jsonl=json.dumps({"id": "con", "text": "Another text."}))
    assert refused(project, tmp_path / "b.jsonl") == [("GW711", f"{tmp_path / 'b.jsonl'}:1")]


def test_files_that_lie_in_seeds_are_listed_where_they_are(project: Project) -> None:
    """Without paths: a text stays, of a page the article is taken out; nothing is left unlisted."""
    written(project.seeds, articles_S_ferry__txt=FERRY, deep_S_strike__txt=STRIKE, pages_S_bridge__html=PAGE)
    assert len(unlisted(project)) == 3
    addition = add_articles(project)
    assert [(article.id, article.file) for article in addition.articles] == [
        ("ferry", "articles/ferry.txt"), ("strike", "deep/strike.txt"), ("bridge", "articles/bridge.txt"),
    ]  # fmt: skip
    assert unlisted(project) == [] and len(load_seeds(project)) == 3


def test_somebodys_file_is_never_written_over(project: Project, tmp_path: Path) -> None:
    """An unlisted text of the name that a new article would get stays as it is."""
    written(project.seeds, articles_S_ferry__txt="Not to be touched.")
    written(tmp_path, ferry__txt=FERRY)
    [article] = add_articles(project, tmp_path / "ferry.txt").articles
    assert (project.seeds / "articles/ferry.txt").read_text() == "Not to be touched."
    assert (project.seeds / article.file).read_text() == FERRY
    assert unlisted(project) == ["articles/ferry.txt"]


@pytest.mark.parametrize(
    "command", [["corpus", "stats"], ["corpus", "check"], ["seeds", "list"], ["corpus", "build"]]
)
def test_an_unlisted_text_is_named_with_the_way_out(
    command: list[str], project: Project, tmp_path: Path
) -> None:
    """Once, by each command that reads the articles, and by `seeds add` of another one."""
    written(tmp_path, strike__txt=STRIKE)
    written(project.seeds, articles_S_ferry__txt=FERRY)
    told = "not in seeds/articles.jsonl, so not read: 1 file (articles/ferry.txt); goldwire seeds add"
    assert told in run(project, "add", str(tmp_path / "strike.txt")).output
    result = CliRunner().invoke(cli, [*command, "--project", str(project.root)])
    assert result.output.count(told) == 1


def test_what_holds_no_article_is_said(project: Project, tmp_path: Path) -> None:
    """A missing path, a kind that none is read from, an empty folder, and no path where all is listed."""
    written(tmp_path, a__png=b"\x89PNG")
    (tmp_path / "empty").mkdir()
    assert refused(project, tmp_path / "a.png") == [("GW701", str(tmp_path / "a.png"))]
    assert refused(project, tmp_path / "none.txt") == [("GW901", str(tmp_path / "none.txt"))]
    for paths in ([tmp_path / "empty"], []):
        with pytest.raises(GoldwireError, match="GW708"):
            add_articles(project, *paths)


def test_annotations_in_a_table_are_not_taken_in_silence(project: Project, tmp_path: Path) -> None:
    """Of goldwire's own JSON Lines the text is taken, and it is said how many had annotations."""
    line = {"id": "a", "text": STRIKE, "meta": {"title": "Strike"}, "annotations": [{"annotator": "anna"}]}
    written(tmp_path, a__jsonl=json.dumps(line))
    said = run(project, "add", str(tmp_path / "a.jsonl")).output
    assert "annotations of 1 article were not taken" in said
    [document] = load_seeds(project)
    assert document.meta["title"] == "Strike" and "annotations" not in document.meta


def test_the_listing_of_another_project_comes_with_its_texts(project: Project, tmp_path: Path) -> None:
    """`file` is looked for beside it, and nowhere else."""
    line = {"id": "a", "file": "articles/a.txt", "title": "Strike"}
    written(tmp_path / "other", articles_S_a__txt=STRIKE, list__jsonl=json.dumps(line))
    add_articles(project, tmp_path / "other/list.jsonl")
    assert load_seeds(project)[0].text == STRIKE
    written(tmp_path / "other", bad__jsonl=json.dumps({"id": "b", "file": "../../secret.txt"}))
    assert refused(project, tmp_path / "other/bad.jsonl") == [("GW707", f"{tmp_path / 'other/bad.jsonl'}:1")]


def test_columns_named_like_what_a_listing_says_lose_nothing(project: Project, tmp_path: Path) -> None:
    """`file`, `sha256`, and an `id` or a `title` that is not the one are kept under another name."""
    written(tmp_path, a__csv=f"key,id,file,sha256,origin,text,head,title\nk1,9,x.doc,abc,Wire,{STRIKE},H,T\n")
    add_articles(project, tmp_path / "a.csv", columns={"id": "key", "title": "head"})
    [document] = load_seeds(project)
    assert (document.id, document.meta["title"]) == ("k1", "H")
    kept = {"id_given": "9", "file_given": "x.doc", "sha256_given": "abc"}
    kept |= {"origin_given": "Wire", "title_given": "T"}
    assert {key: document.meta[key] for key in kept} == kept


KILLED = """
import os, signal, sys
from pathlib import Path
import goldwire.seeds.add as module
real, count = module.write_text, 0
def write(path, text):
    global count
    if count == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    real(path, text)
module.write_text = write
module.add_articles(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_is_killed_lists_nothing_and_the_next_finishes(
    after: int, project: Project, tmp_path: Path
) -> None:
    """Before the listing is in place no article is there; then all are, and no file is left over."""
    folder = written(tmp_path / "in", a__txt=FERRY, b__txt=STRIKE)
    words = [sys.executable, "-c", KILLED, str(project.root), str(folder), str(after)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert (project.seeds / "articles.jsonl").read_text() == ""
    add_articles(project, folder)
    assert len(load_seeds(project)) == 2 and unlisted(project) == []
    assert len(list((project.seeds / "articles").iterdir())) == 2


def test_a_disk_that_is_full_leaves_nothing_behind(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written before is taken away again."""
    folder = written(tmp_path / "in", a__txt=FERRY, b__txt=STRIKE)
    real, count = os.replace, [0]

    def full(*words: str) -> None:
        count[0] += 1
        if count[0] == 2:
            raise OSError(28, "No space left on device")
        real(*words)

    monkeypatch.setattr(Path, "replace", lambda self, target: full(str(self), str(target)))
    with pytest.raises(GoldwireError, match="GW904"):
        add_articles(project, folder)
    monkeypatch.undo()
    assert load_seeds(project) == [] and list((project.seeds / "articles").iterdir()) == []
