"""Write `src/mlwright/llm/models.json` anew from the package genai-prices: `python docs/model_prices.py`.

Only the models that the room's adapters can call are taken: texts in, texts out, over Messages, Responses or Chat.
"""

import json
import re
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genai_prices.data import providers

FILE = Path(__file__).parents[1] / "src" / "mlwright" / "llm" / "models.json"
WANTED = {"anthropic": r"claude-(fable|haiku|mythos|opus|sonnet)-[45]", "openai": r"(gpt-(4\.1|4o|[56])|o[134])"}
NOT_TEXT = r"image|audio|realtime|tts|transcribe|search|deep-research|:extended|oss|rosalind|cyber|ft-"
FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def entry(provider: str, model: Any, today: date) -> dict[str, Any]:
    """Return a model's line of the table: dollars per million tokens, valid on `today`."""
    prices = model.get_prices(datetime(today.year, today.month, today.day, tzinfo=UTC))
    found = {name: getattr(prices, field) for name, field in FIELDS.items()}
    base = {name: str(getattr(price, "base", price)) for name, price in found.items() if price is not None}
    above: dict[int, dict[str, str]] = {}
    for name, price in found.items():
        for tier in getattr(price, "tiers", ()):
            above.setdefault(tier.start, {})[name] = str(tier.price)
    return {
        "model": model.id.removesuffix("-latest"),
        "provider": provider,
        "context_tokens": model.context_window,
        "usd_per_million": base,
        "tiers": [{"above_input_tokens": start, "usd_per_million": tier} for start, tier in sorted(above.items())],
        "source": f"genai-prices {version('genai-prices')} (MIT)",
        "date": today.isoformat(),
    }


def main() -> None:
    """Write the table."""
    today = datetime.now(tz=UTC).date()
    lines = [
        entry(provider.id, model, today)
        for provider in providers
        if provider.id in WANTED
        for model in provider.models
        if re.match(WANTED[provider.id], model.id) and not re.search(NOT_TEXT, model.id)
    ]
    body = ",\n".join(json.dumps(line) for line in lines)
    FILE.write_text(f"[\n{body}\n]\n", encoding="utf-8")
    print(f"{len(lines)} models written to {FILE}")


if __name__ == "__main__":
    main()
