"""The layers of a UIMA type system: which are taken, what they are called, which feature is the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from goldwire.errors import Fault, one_of, raise_faults
from goldwire.formats.options import ConversionOptions

#: The types that INCEpTION's projects make, and those of DKPro Core, which it comes with.
CUSTOM, DKPRO = "webanno.custom.", "de.tudarmstadt.ukp.dkpro.core.api."
#: Rooms of DKPro Core whose types describe the language, not what a project annotates.
_LINGUISTIC = ("segmentation", "lexmorph", "syntax", "frequency", "structure", "phonetics")
#: Types about the document and the layers; they hold no annotation.
_ABOUT = (f"{DKPRO}metadata.", "de.tudarmstadt.ukp.clarin.webanno.api.type.")
#: Features that hold a label wherever they are, the first that a layer has.
_LABELS = ("label", "value", "DependencyType", "PosValue", "referenceType")
#: A link to a knowledge base: never a label by itself.
_IDENTIFIER = "identifier"


def speaks_of(type_name: str) -> bool:
    """Whether a type says something of the document or of layers, and annotates nothing."""
    return type_name.startswith(_ABOUT)


def is_linguistic(type_name: str) -> bool:
    """Whether a type is a token, a sentence, a lemma, a part of speech, a dependency and so on."""
    room = type_name.removeprefix(DKPRO).partition(".")[0]
    return type_name.startswith(DKPRO) and room in _LINGUISTIC


@dataclass
class Layers:
    """What was chosen of the layers of all files of an export: `setting.layers`, `setting.label_feature`.

    Taken are, where nothing is chosen, all layers but the linguistic ones. A layer is called like its type
    without the package, and with it where another one has that name.
    """

    setting: ConversionOptions
    _names: dict[str, str] = field(default_factory=dict)
    _labels: dict[str, str | None] = field(default_factory=dict)
    _features: dict[str, dict[str, None]] = field(default_factory=dict)
    _likely: dict[str, dict[str, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chosen = [name for each in self.setting.layers.split(",") if (name := each.strip())]
        pairs = [each.strip().rpartition(":")[::2] for each in self.setting.label_feature.split(",")]
        self._named = [(layer, feature) for layer, feature in pairs if feature]

    def meet(self, type_name: str, features: Sequence[str], likely: Sequence[str]) -> None:
        """Know a layer that a file has, the features that can hold its label, and those that look like it."""
        self._features.setdefault(type_name, {}).update(dict.fromkeys(features))
        self._likely.setdefault(type_name, {}).update(dict.fromkeys(likely))

    def takes(self, type_name: str) -> bool:
        """Whether a layer is taken."""
        if self._chosen:
            return any(self._is(type_name, chosen) for chosen in self._chosen)
        return not is_linguistic(type_name)

    def leave_out(self, type_name: str, place: str) -> None:
        """Put down an annotation of a layer that is not taken: lost, unless others were chosen."""
        short = _short(type_name)
        if self._chosen:
            self.setting.note(f"layer {short}, not among --layers", place)
        else:
            self.setting.lose(f"layer {short} (--layers {short} takes it)", place)

    def name(self, type_name: str) -> str:
        """What a layer is called."""
        if type_name not in self._names:
            short = _short(type_name)
            self._names[type_name] = type_name if short in self._names.values() else short
        return self._names[type_name]

    def label_feature(self, type_name: str) -> str | None:
        """The feature that holds a layer's label: the one named, a usual one, or the only one.

        None where none or several could be it: the layer's name is the label then, and no feature is lost.
        """
        if type_name not in self._labels:
            self._labels[type_name] = self._find_label(type_name)
        return self._labels[type_name]

    def _find_label(self, type_name: str) -> str | None:
        features = self._features.get(type_name, {})
        for layer, feature in self._named:
            if feature in features and (not layer or self._is(type_name, layer)):
                return feature
        for usual in _LABELS:
            if usual in features:
                return usual
        name = _short(type_name)
        candidates = [feature for feature in self._likely.get(type_name, ()) if feature != _IDENTIFIER]
        if len(candidates) == 1:
            self.setting.assume(
                f"`{candidates[0]}` holds the labels of {name} (--label-feature names another)"
            )
            return candidates[0]
        if candidates:
            several = ", ".join(candidates)
            self.setting.assume(f"{name} has no feature for its label (--label-feature names one: {several})")
        return None

    def check(self) -> None:
        """Raise GW652 for layers and GW653 for features that were asked for and that no file has."""
        faults = [
            Fault("GW652", f"no layer `{chosen}` in any file", "--layers",
                  one_of(sorted({_short(each) for each in self._features})))
            for chosen in self._chosen
            if not any(self._is(type_name, chosen) for type_name in self._features)
        ]  # fmt: skip
        for layer, feature in self._named:
            types = [each for each in self._features if not layer or self._is(each, layer)]
            if not any(feature in self._features[each] for each in types):
                choices = sorted(
                    {f"{_short(each)}:{name}" for each in types for name in self._features[each]}
                )
                message = f"no feature `{feature}` that can be a label in {layer or 'any layer'}"
                hint = one_of(choices) if choices else "name the layer as the file does"
                faults.append(Fault("GW653", message, "--label-feature", hint))
        raise_faults(faults)

    def _is(self, type_name: str, asked: str) -> bool:
        return asked in (type_name, _short(type_name))


def _short(type_name: str) -> str:
    """A type's name without its package."""
    return type_name.rpartition(".")[2]
