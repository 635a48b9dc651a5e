"""What detectors found of each recording (``authenticity``), by its audio MD5 (A6)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pacd.domain.verdict import Authenticity, Detector, Finding, Judgement
from pacd.store.columns import blob, from_ms, path_of, plain, to_json, to_ms
from pacd.store.connection import Connection

_OF: Final = """
    SELECT status, rationale, findings, analyzed_ts, spectrogram_path, undrawn
    FROM authenticity WHERE md5 = :md5
"""

_RECORD: Final = """
    INSERT INTO authenticity (
        md5, aucdtect_score, aucdtect_class, lac_result, builtin_evidence, analyzed_ts, status,
        rationale, findings, spectrogram_path, undrawn
    ) VALUES (
        :md5, :score, :class, :result, :evidence, :judged, :status,
        :rationale, :findings, :spectrogram, :undrawn
    )
    ON CONFLICT (md5) DO UPDATE SET
        aucdtect_score = excluded.aucdtect_score, aucdtect_class = excluded.aucdtect_class,
        lac_result = excluded.lac_result, builtin_evidence = excluded.builtin_evidence,
        analyzed_ts = excluded.analyzed_ts, status = excluded.status,
        rationale = excluded.rationale, findings = excluded.findings,
        spectrogram_path = excluded.spectrogram_path, undrawn = excluded.undrawn
"""


class Judgements:
    """The verdicts on recordings: no move and no change of tags ends them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, audio_md5: str) -> Judgement | None:
        """What was found of a recording; None if nothing, or if it has no MD5."""
        row = self._connection.row(_OF, {"md5": audio_md5}) if audio_md5 else None
        if row is None:
            return None
        return Judgement(
            status=Authenticity(row["status"]),
            rationale=row["rationale"],
            findings=tuple(_finding(each) for each in json.loads(row["findings"])),
            judged_at=from_ms(row["analyzed_ts"]),
            spectrogram=path_of(row["spectrogram_path"]),
            undrawn=row["undrawn"],
        )

    def record(self, audio_md5: str, judgement: Judgement) -> None:
        """Keep all that was found of a recording, in place of what was kept before."""
        numbers = {each.detector: each.numbers for each in judgement.findings}
        aucdtect: Mapping[str, Any] = numbers.get(Detector.AUCDTECT, {})
        builtin = numbers.get(Detector.BUILTIN)
        self._connection.run(
            _RECORD,
            {
                "md5": audio_md5,
                "score": aucdtect.get("score"),
                "class": aucdtect.get("class"),
                "result": numbers.get(Detector.LAC, {}).get("result"),
                "evidence": None if builtin is None else to_json(builtin),
                "judged": to_ms(judgement.judged_at),
                "status": judgement.status.value,
                "rationale": plain(judgement.rationale),
                "findings": to_json([_plain(each) for each in judgement.findings]),
                "spectrogram": blob(judgement.spectrogram) if judgement.spectrogram else None,
                "undrawn": plain(judgement.undrawn),
            },
        )

    def forget(self, audio_md5: str) -> None:
        """Drop what was found of a recording, so that it is judged anew."""
        self._connection.run("DELETE FROM authenticity WHERE md5 = :md5", {"md5": audio_md5})


def _plain(finding: Finding) -> Mapping[str, Any]:
    return {
        "detector": finding.detector.value,
        "version": plain(finding.version),
        "status": finding.status.value,
        "sentence": plain(finding.sentence),
        "numbers": finding.numbers,
        "words": plain(finding.words),
    }


def _finding(kept: Mapping[str, Any]) -> Finding:
    return Finding(
        detector=Detector(kept["detector"]),
        version=kept["version"],
        status=Authenticity(kept["status"]),
        sentence=kept["sentence"],
        numbers=kept["numbers"],
        words=kept["words"],
    )
