"""One column of a source on its way to the house schema: text spans, numbers or moments."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from feeds.textkernels import BLANK, OK, Bytes, Spans, Status, parse_decimals


@dataclass(frozen=True, slots=True)
class Text:
    """Values as bytes: a buffer, and a start and a length for each row. Length 0 is blank."""

    data: Bytes
    starts: Spans
    lengths: Spans


@dataclass(frozen=True, slots=True)
class Words:
    """Values as rows of a list of distinct texts; -1 is blank."""

    distinct: Text
    rows: Spans


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values as float64 or int64, with a status a row."""

    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    status: Status


@dataclass(frozen=True, slots=True)
class Moments:
    """Times as microseconds since 1970 UTC, with a status a row."""

    values: npt.NDArray[np.int64]
    status: Status


Column = Text | Words | Numbers | Moments


def numbers(column: Column) -> tuple[npt.NDArray[np.float64], Status]:
    """Return (values, status) of a column of measures; moments are not measures."""
    if isinstance(column, Numbers):
        return column.values.astype(np.float64), column.status
    if isinstance(column, Moments):
        return np.zeros(len(column.values)), np.full(len(column.values), BLANK, np.uint8)
    if isinstance(column, Words):
        distinct, kinds = numbers(column.distinct)
        return np.append(distinct, 0.0)[column.rows], np.append(kinds, BLANK)[column.rows]
    values = np.empty(len(column.starts))
    status = np.empty(len(column.starts), np.uint8)
    parse_decimals(column.data, column.starts, column.lengths, values, status)
    return values, status


def text(column: Column) -> Text:
    """Return the column as text; numbers are written as Arrow writes them."""
    if isinstance(column, Text):
        return column
    if isinstance(column, Words):
        starts, lengths = column.distinct.starts, column.distinct.lengths
        blank = np.zeros(1, np.int32)
        return Text(
            column.distinct.data,
            np.append(starts, blank)[column.rows],
            np.append(lengths, blank)[column.rows],
        )
    array = pa.array(column.values, mask=column.status != OK)
    return text_of_strings(pc.cast(array, pa.string()))


def words(column: Column) -> Text | Words:
    """Return the column as text or, where its distinct values come cheap, as words."""
    if isinstance(column, Text | Words):
        return column
    return words_of_dictionary(pa.array(column.values, mask=column.status != OK))


def words_of_dictionary(array: pa.Array) -> Words:
    """Return an array, dictionary-encoded or not, as words; numbers are written as Arrow does."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    kind = pa.binary() if _is_text(encoded.dictionary.type) else pa.string()
    distinct = text_of_strings(pc.cast(encoded.dictionary, kind))
    rows = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Words(distinct, rows.astype(np.int32, copy=False))


def _is_text(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
            *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
        )
    )


def text_of_strings(array: pa.Array) -> Text:
    """Return a string or binary array without offsets of its own as spans over its buffer."""
    lengths = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False)
    buffers = array.buffers()
    offsets = np.frombuffer(buffers[1], np.int32, len(array) + 1 + array.offset)[array.offset :]
    data = np.frombuffer(buffers[2] or b"", np.uint8)
    return Text(data, offsets[:-1], lengths.astype(np.int32))


def text_of_values(values: list[str | None]) -> Text:
    """Return Python strings as spans; None is blank."""
    encoded = [None if value is None else value.encode("utf-8", "replace") for value in values]
    return text_of_strings(pa.array(encoded, pa.binary()))


def column_of_arrow(array: pa.Array) -> Column:
    """Return an Arrow array of any type as a column; types without a reading are all blank."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if _is_text(kind.value_type):
            return words_of_dictionary(array)
        array = array.dictionary_decode()
        kind = array.type
    valid = pc.is_valid(array).to_numpy(zero_copy_only=False)
    status = np.where(valid, OK, BLANK).astype(np.uint8)
    if pa.types.is_timestamp(kind):
        micros = pc.cast(array, pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64())
        return Moments(pc.fill_null(micros, 0).to_numpy(zero_copy_only=False), status)
    if pa.types.is_integer(kind):
        values = pc.fill_null(pc.cast(array, pa.int64(), safe=False), 0)
        return Numbers(values.to_numpy(zero_copy_only=False), status)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        floats = pc.fill_null(pc.cast(array, pa.float64()), np.nan)
        measured = floats.to_numpy(zero_copy_only=False)
        return Numbers(measured, np.where(np.isfinite(measured), OK, BLANK).astype(np.uint8))
    if _is_text(kind):
        return text_of_strings(pc.cast(array, pa.binary()))
    return text_of_values([None] * len(array))
