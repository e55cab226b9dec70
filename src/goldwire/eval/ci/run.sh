#!/bin/sh
# goldwire in any CI: sh run.sh [install] [check] [train] [gate] [comment]; without a word all of them but install.
# What is wanted stands in variables, so that none of it becomes part of a script:
#   GOLDWIRE_PROJECT          the project's folder (.)
#   GOLDWIRE                  the wheel to install; empty: this checkout, every package by its hash
#   GOLDWIRE_EXTRAS           install: further extras, with blanks between them
#   GOLDWIRE_CONSTRAINTS      install: a pip constraints file
#   GOLDWIRE_CHECK            check: `curated` (default), or `all` annotations must keep the schema's rules
#   GOLDWIRE_TRAIN            train: how `goldwire train` is called, a line each (ner); empty: not at all
#   GOLDWIRE_FLOOR            gate: micro F1, or PART=F1, with blanks between them
#   GOLDWIRE_AGREEMENT_FLOOR  gate: the readers' own F1; all that is held where there are no models
#   GOLDWIRE_TOLERANCE        gate: F1 may fall by so much (0.02)
#   GOLDWIRE_OUT              the folder for summary, comment, JUnit XML, badge, figures (goldwire-gate)
# The working folder may be a stranger's: Python and what it starts import nothing from there, and uv takes
# no settings from there.
set -euf
export PYTHONSAFEPATH=1 UV_NO_CONFIG=1
unset PYTHONPATH
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
project=${GOLDWIRE_PROJECT:-.}
out=${GOLDWIRE_OUT:-goldwire-gate}

install() {
  extras="$(python -I "$here/needs.py" extras "$project") ${GOLDWIRE_EXTRAS:-}"
  if [ -z "${GOLDWIRE:-}" ]; then
    # shellcheck disable=SC2086  # names of extras hold no blanks
    PYTHON=$(command -v python) sh "$here/../../../../install.sh" $extras
  else
    # shellcheck disable=SC2086
    with=$(printf '%s,' $extras)
    case $with in ,) with= ;; *) with="[${with%,}]" ;; esac
    case $GOLDWIRE in *']') with= ;; esac
    python -I -m pip install --disable-pip-version-check \
      ${GOLDWIRE_CONSTRAINTS:+--constraint "$GOLDWIRE_CONSTRAINTS"} "$GOLDWIRE$with"
  fi
  for pipeline in $(python -I "$here/needs.py" pipelines "$project"); do
    python -I -c "import $pipeline" 2>/dev/null || python -I -m spacy download "$pipeline"
  done
}

check() {
  curated=--curated
  [ "${GOLDWIRE_CHECK:-curated}" != all ] || curated=
  goldwire corpus check $curated --project "$project"
}

train() {
  printf '%s\n' "${GOLDWIRE_TRAIN-ner}" | while IFS= read -r words; do
    # shellcheck disable=SC2086  # the words of a command line; in the project, since overrides come last
    [ -z "$words" ] || (cd "$project" && goldwire train $words </dev/null)
  done
}

gate() {
  mkdir -p "$out"
  # What an earlier use left says nothing of this run.
  for name in summary.md comment.md junit.xml badge.json gate.json; do rm -f "$out/$name"; done
  set -- --tolerance "${GOLDWIRE_TOLERANCE:-0.02}"
  for floor in ${GOLDWIRE_FLOOR:-}; do set -- "$@" --floor "$floor"; done
  [ -z "${GOLDWIRE_AGREEMENT_FLOOR:-}" ] || set -- "$@" --agreement-floor "$GOLDWIRE_AGREEMENT_FLOOR"
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || set -- "$@" --github-summary
  if [ -n "${GOLDWIRE_AGREEMENT_FLOOR:-}" ] && [ -z "${GOLDWIRE_TRAIN-ner}" ] &&
    [ -z "$(find "$project/eval" -name 'baseline*.json' 2>/dev/null)" ]; then
    # Annotations without a model.
    goldwire eval agree --project "$project" --no-gamma --floor "$GOLDWIRE_AGREEMENT_FLOOR" --json "$out/agreement.json"
    return
  fi
  code=0
  goldwire eval gate --all --project "$project" "$@" --summary "$out/summary.md" --comment "$out/comment.md" \
    --junit "$out/junit.xml" --badge "$out/badge.json" --json "$out/gate.json" || code=$?
  if [ -n "${GITHUB_OUTPUT:-}" ] && [ -f "$out/gate.json" ]; then
    python -I - "$out/gate.json" >>"$GITHUB_OUTPUT" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    gate = json.load(file)
print(f"passed={'' if gate['passed'] is None else str(gate['passed']).lower()}")
print(f"f1={'' if gate['f1'] is None else gate['f1']}")
PYTHON
  fi
  return "$code"
}

comment() {
  # Where there is no token, or it may not comment (a fork's pull request), the verdict stands all the same.
  [ ! -f "$out/comment.md" ] || goldwire eval comment "$out/comment.md" || echo "goldwire: not commented" >&2
}

[ $# -gt 0 ] || set -- check train gate comment
code=0
for step in "$@"; do
  case $step in
    gate) gate || code=$? ;;
    install | check | train | comment) "$step" ;;
    *) echo "run.sh: no step \`$step\`: install, check, train, gate, comment" >&2; exit 2 ;;
  esac
done
exit "$code"
