"""A configuration before it is one: from YAML to a plain mapping, '${NAME}' replaced from the environment, and those
faults that only several parts together show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import yaml

from streamer.errors import ConfigError, did_you_mean

DEEPEST, LARGEST = 20, 10_000
"""Levels and parts of a document. One that contains itself has no end of either."""

MERGE = "tag:yaml.org,2002:merge"
"""The key '<<', which may stand beside the keys that it brings."""

REFERENCE = re.compile(r"\$\{(\w+)\}")

Path: TypeAlias = tuple[object, ...]
"""Keys and indices from the top, as pydantic gives them: ('sources', 'webcam', 'address')."""


def parsed(text: str) -> tuple[Any, list[str]]:
    """What a YAML text says, and a line for each mapping that has a key twice, of which the last one holds.

    Raises:
        ConfigError: it is not YAML, too deep or too large, or a part of it contains itself.
    """
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None, []
        faults = [fault for node in nodes(root) for fault in doubled(node)]
        return loader.construct_document(root), list(dict.fromkeys(faults))
    except yaml.YAMLError as error:
        raise ConfigError(f"is not YAML: {' '.join(str(error).split())}") from None
    except (ValueError, KeyError, AttributeError) as error:  # PyYAML's own, for a value that its tag does not fit
        raise ConfigError(f"is not YAML: a value is not of its type: {error}") from None
    except RecursionError:
        raise ConfigError(f"is nested more than {DEEPEST} levels deep") from None
    finally:
        loader.dispose()


def nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Each node of a document, from the top.

    Raises:
        ConfigError: there is no end of them.
    """
    waiting = [(root, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        line = node.start_mark.line + 1
        if depth > DEEPEST:
            raise ConfigError(f"line {line}: contains itself, or is nested more than {DEEPEST} levels deep")
        if count > LARGEST:
            raise ConfigError(f"line {line}: the file has more than {LARGEST} parts")
        yield node
        waiting.extend((child, depth + 1) for child in reversed(children(node)))


def children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def doubled(node: yaml.Node) -> Iterator[str]:
    """A line where a mapping has a key twice: YAML forbids it, and one would silently win."""
    if isinstance(node, yaml.MappingNode):
        scalars = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != MERGE]
        keys = [(key.tag, key.value) for key in scalars]
        twice = sorted({str(key[1]) for key in keys if keys.count(key) > 1})
        if twice:
            yield f"line {node.start_mark.line + 1}: given twice: {', '.join(twice)}"


def unset(value: Any, environ: Mapping[str, str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each '${NAME}' anywhere in a value that the environment lacks: where it stands, and the name."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from unset(inner, environ, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from unset(inner, environ, (*path, index))
    elif isinstance(value, str):
        yield from ((path, name) for name in REFERENCE.findall(value) if name not in environ)


def expanded(value: Any, environ: Mapping[str, str]) -> Any:
    """The value with every '${NAME}' replaced that the environment has."""
    if isinstance(value, Mapping):
        return {key: expanded(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner, environ) for inner in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: environ.get(match[1], match[0]), value)
    return value


def name_faults(sources: object) -> Iterator[str]:
    """Two sources must not make the same file name, also where 'A' and 'a' are the same file."""
    seen: dict[str, str] = {}
    for name in sources if isinstance(sources, Mapping) else ():
        word = re.sub(r"[ _]+", "_", str(name)).strip("._").casefold()
        if word in seen:
            yield f"sources.{name}: makes the same file name as {seen[word]!r}; name it differently"
        seen.setdefault(word, str(name))


def room_faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Every source named by a room must exist, and stand in one room only; one in no room must not be called as one."""
    sources, rooms = document.get("sources"), document.get("rooms")
    if not isinstance(sources, Mapping) or not isinstance(rooms, Mapping):
        return
    seen: dict[str, str] = {}
    for name, room in rooms.items():
        for source in members(room):
            if source not in sources:
                hint = did_you_mean(source, map(str, sources))
                yield f"rooms.{name}.sources: there is no source {source!r}{hint}"
            elif source in seen:
                yield f"rooms.{name}.sources: {source!r} is already in the room {seen[source]!r}"
            seen.setdefault(source, name)
    for name in rooms:
        if name in sources and name not in seen:
            yield f"rooms.{name}: is also the name of a source that is not in it; name the room differently"


def members(room: object) -> list[str]:
    """The sources that a room names, as far as they are texts and known."""
    named = room.get("sources") if isinstance(room, Mapping) else None
    texts = [one for one in named if isinstance(one, str)] if isinstance(named, list | tuple) else []
    return [text for text in texts if not REFERENCE.search(text)]
