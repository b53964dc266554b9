"""Well-tried ways to word a prompt, as changes of a template: a role, thinking aloud, thinking and acting in turns."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlwright.llm.messages import ToolSpec
from mlwright.llm.prompts.template import Template

_ANSWER = re.compile(r"^\s*\**answer\**\s*:\**\s*(.*)", re.I | re.M | re.S)


def with_role(template: Template, role: str) -> Template:
    """Return the template spoken to someone: `You are {role}.` before its system prompt.

    Example:
        >>> with_role(Template("Hello", {}), "a patient teacher").system
        'You are a patient teacher.'
    """
    said = f"You are {role.replace('{', '{{').replace('}', '}}')}."
    return replace(template, system=f"{said}\n\n{template.system}".strip())


def chain_of_thought(template: Template) -> Template:
    """Return the template with the wish to reason first; `final_answer` reads what comes.

    Of use for models that don't think by themselves.

    Source: Wei et al., Chain-of-Thought Prompting Elicits Reasoning in Large Language Models, NeurIPS 2022.
    """
    return template.with_instruction(
        "Reason step by step first. Then write the result alone on a last line that begins with 'Answer:'."
    )


def final_answer(text: str) -> str:
    """Return what stands behind the last `Answer:`, or the whole text where there is none.

    Example:
        >>> final_answer("2 and 2 are 4.\\nAnswer: 4")
        '4'
    """
    last = None
    for found in re.finditer(r"^\s*\**answer\**\s*:", text, re.I | re.M):
        last = found
    if last is None:
        return text.strip()
    found = _ANSWER.search(text[last.start() :])
    return found.group(1).strip() if found else text.strip()


def react(template: Template, tools: Sequence[ToolSpec]) -> Template:
    """Return the template that lets a model without tool calls use tools in text; stop at `REACT_STOP`.

    Source: Yao et al., ReAct: Synergizing Reasoning and Acting in Language Models, ICLR 2023.
    """
    shown = "\n".join(f"- {tool.name}: {tool.description} Input: {json.dumps(tool.input_schema)}" for tool in tools)
    return template.with_instruction(
        "Work in turns. In each turn write either\n"
        "Thought: what you know and need\nAction: the name of a tool\nAction Input: its input, one JSON object\n"
        "and stop there; the observation will be told to you. Or, when you know the answer,\n"
        "Thought: why it is the answer\nFinal Answer: the answer\n"
        f"The tools are:\n{shown}"
    )


REACT_STOP = ("\nObservation:",)


@dataclass(frozen=True, slots=True)
class ReactStep:
    """One turn in the pattern: an action with its input as text, or an answer."""

    thought: str
    action: str = ""
    action_input: str = ""
    answer: str | None = None


def read_react(text: str) -> ReactStep | None:
    """Return the turn that a model wrote, or None when it keeps to no pattern.

    Example:
        >>> read_react('Thought: I need it.\\nAction: weather\\nAction Input: {"town": "Ulm"}').action
        'weather'
    """
    text = text.split(REACT_STOP[0])[0]
    thought = re.search(r"thought\s*:\s*(.*?)(?=\n\s*(?:action|final answer)\s*:|\Z)", text, re.I | re.S)
    said = thought.group(1).strip() if thought else ""
    action = re.search(r"^\s*action\s*:\s*(.+?)\s*\n\s*action input\s*:\s*(.*)", text, re.I | re.S | re.M)
    final = re.search(r"^\s*final answer\s*:\s*(.*)", text, re.I | re.S | re.M)
    # A model that writes both has made up the observation in between: the action comes first.
    if action and (final is None or action.start() < final.start()):
        wanted = action.group(2)[: final.start() - action.start(2)] if final else action.group(2)
        return ReactStep(said, action.group(1).strip(), wanted.strip())
    return ReactStep(said, answer=final.group(1).strip()) if final else None
