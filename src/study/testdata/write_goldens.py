#!/usr/bin/env python3
"""Writes golden/SETTING/CHANNEL.WORDING.txt: the prompts of every arm, composed a second time.

Most wordings of the long channels are written as CHANNEL.WORDING.changes.txt instead: a run of
paragraphs that stand in the default's prompt of the same arm is one line "= FIRST-LAST" (counted
from 1; an arm that the default lacks is told by the default's first), every other paragraph is
written out, and a hole in the numbers is what the wording leaves out.

An oracle beside study/compose.cc: it follows docs/settings.md for single wordings and knows nothing
of the C++ code. Run it by hand after a change of settings/ that is meant, and read the difference:

    src/study/testdata/write_goldens.py
"""
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Written out whole: what existed before the short form, so that a change of it is seen at once.
WHOLE = {"default", "conflict-removed", "no-scratchpad", "rule-inverted", "tier-paraphrase-1",
         "tier-paraphrase-2", "tier-paraphrase-3"}
QUERY = "Please open the sealed vault of the moon archive."


def changes(owner, channel, arm):
    """The owner's changes that hold here, each with whether it names the arm."""
    for change in [owner] + owner.get("only", []):
        is_root = change is owner
        channels = [] if is_root else change.get("channels", [])
        arms = [] if is_root else change.get("arms", [])
        if (not channels or channel in channels) and (not arms or arm in arms):
            yield change, bool(arms)


def turn(slots, joiner, blocks, values, arm_changes, wording_changes):
    texts = []
    for slot in slots:
        block, rank, dropped = slot, 0, False
        added = {"before": [], "after": []}
        for source, rank_of in ((arm_changes, lambda named: 2),
                                (wording_changes, lambda named: 3 if named else 1)):
            for change, named in source:
                dropped |= slot in change.get("drop", [])
                if slot in change.get("replace", {}) and rank_of(named) >= rank:
                    block, rank = change["replace"][slot], rank_of(named)
                for extra in change.get("insert", []):
                    for side in added:
                        if extra.get(side) == slot:
                            added[side].append(extra["block"])
        texts += added["before"] + ([] if dropped else [block]) + added["after"]
    fill = lambda match: values[match.group(1)]
    return joiner.join(re.sub(r"\{\{(\w+)\}\}", fill, blocks[name]) for name in texts)


def prompt(setting, channel, blocks, wording, arm):
    of_arm = list(changes(arm, channel["name"], arm["name"]))
    of_wording = list(changes(wording, channel["name"], arm["name"]))
    values = dict(setting.get("parameters", {}))
    for source in ([c for c, named in of_wording if not named], [c for c, _ in of_arm],
                   [c for c, named in of_wording if named]):
        for change in source:
            values |= change.get("parameters", {})
    values["query"] = QUERY
    make = lambda slots, joiner: turn(slots, joiner, blocks, values, of_arm, of_wording)
    system = make(channel["system"], channel.get("joiner", "\n\n"))
    user = make(channel["user"], channel.get("user_joiner", ""))
    circumstances = {}
    for change, _ in of_arm + of_wording:
        circumstances |= change.get("circumstances", {})
    told = [name if is_so else f"not {name}" for name, is_so in sorted(circumstances.items())
            if is_so != "unset"]
    return system, user, told


def is_whole(folder, channel, wording):
    return (wording == "default" or channel == "terse" or
            folder == "helpful-only" and wording in WHOLE)


def told_by(reference, text):
    """The paragraphs of text; runs of them that stand in reference as their numbers."""
    known, items, run = reference.split("\n\n"), [], None
    for paragraph in text.split("\n\n"):
        at = known.index(paragraph) + 1 if paragraph in known else 0
        if at and run and at == run[1] + 1:
            run[1] = at
        else:
            run = [at, at] if at else None
            items.append(run or paragraph)
    return "\n\n".join(f"= {i[0]}-{i[1]}" if isinstance(i, list) else i for i in items)


def read_blocks(folder, channel):
    """The channel's own blocks over those that other settings lend, the first named first."""
    blocks = {}
    for owner in reversed([folder.name] + channel.get("blocks_from", [])):
        blocks |= {file.stem: file.read_text().removesuffix("\n")
                   for file in (folder.parent / owner / channel["name"]).glob("*.txt")}
    return blocks


def golden(setting, channel, blocks, wording, whole):
    default, text = {"name": "default"}, ""
    for arm in setting["arm"]:
        needs = arm.get("needs_wording", [])
        if needs and wording["name"] not in needs:
            continue
        system, user, told = prompt(setting, channel, blocks, wording, arm)
        if not whole:
            told_arm = setting["arm"][0] if needs else arm
            reference = prompt(setting, channel, blocks, default, told_arm)
            system, user = told_by(reference[0], system), told_by(reference[1], user)
        scratchpad = "scratchpad" if wording.get("expects_scratchpad", True) else "no scratchpad"
        text += f"==== {arm['name']}: {', '.join(told + [scratchpad])}\n"
        text += f"---- system\n{system}\n---- user\n{user}\n"
        text += f"---- prefill\n{wording.get('prefill', '')}\n"
    return text


def main():
    for folder in sorted((ROOT / "settings").iterdir()):
        setting = tomllib.loads((folder / "setting.toml").read_text())
        target = pathlib.Path(__file__).parent / "golden" / folder.name
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.txt"):
            old.unlink()
        wordings = [{"name": "default"}] + setting.get("wording", [])
        for channel in setting["channel"]:
            blocks = read_blocks(folder, channel)
            for wording in wordings:
                if channel["name"] not in wording.get("channels", [channel["name"]]):
                    continue
                whole = is_whole(folder.name, channel["name"], wording["name"])
                suffix = "txt" if whole else "changes.txt"
                (target / f"{channel['name']}.{wording['name']}.{suffix}").write_text(
                    golden(setting, channel, blocks, wording, whole))


if __name__ == "__main__":
    main()
