//! Canonical JSON of Python's values, and the audit log's chain.

use pyo3::exceptions::{PyRecursionError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PySet, PyString,
    PyTuple, PyType,
};

use crate::chain::{Entry, Hash, Origin, Signer, write_text};

const DEEPEST: usize = 200;

/// The value as JSON in one way only, as PostgreSQL's `jsonb` gives it back.
#[pyfunction]
pub(super) fn canonical_json(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut json = String::new();
    write(&mut json, value, 0)?;
    Ok(json)
}

/// Entries for the audit log, all of one moment and actor.
#[pyclass(frozen, module = "core_ext._core")]
pub(super) struct AuditEntries(Vec<Entry>);

#[pymethods]
impl AuditEntries {
    /// Takes tuples of action, type of the object, its id or None, and details.
    #[new]
    fn new(facts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut entries = Vec::with_capacity(facts.len().unwrap_or(0));
        for fact in facts.try_iter()? {
            let fact = fact?.cast_into::<PyTuple>()?;
            let mut details = String::with_capacity(160);
            write(&mut details, &fact.get_item(3)?, 0)?;
            entries.push(Entry {
                action: fact.get_item(0)?.extract()?,
                object_type: fact.get_item(1)?.extract()?,
                object_id: id(&fact.get_item(2)?)?,
                details,
            });
        }
        Ok(Self(entries))
    }

    /// The hash of each, chained to `previous`.
    #[pyo3(signature = (key, *, workspace_id, actor_id, moment, first, previous))]
    #[expect(
        clippy::too_many_arguments,
        reason = "an entry has this many facts; all are named"
    )]
    fn hashes<'py>(
        &self,
        py: Python<'py>,
        key: &[u8],
        workspace_id: &Bound<'_, PyAny>,
        actor_id: &Bound<'_, PyAny>,
        moment: String,
        first: i64,
        previous: Hash,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let origin = origin(workspace_id, actor_id, moment, 0)?;
        let signer = Signer::new(key);
        let mut previous = previous;
        let hashes = (first..).zip(&self.0).map(|(seq, entry)| {
            previous = signer.hash(&origin, seq, entry, &previous);
            PyBytes::new(py, &previous)
        });
        Ok(hashes.collect())
    }

    /// Rows for COPY in its binary format, numbered from `first` and chained to `previous`.
    #[pyo3(signature = (key, *, workspace_id, actor_id, moment, microseconds, first, previous))]
    #[expect(
        clippy::too_many_arguments,
        reason = "an entry has this many facts; all are named"
    )]
    fn rows<'py>(
        &self,
        py: Python<'py>,
        key: &[u8],
        workspace_id: &Bound<'_, PyAny>,
        actor_id: &Bound<'_, PyAny>,
        moment: String,
        microseconds: i64,
        first: i64,
        previous: Hash,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let origin = origin(workspace_id, actor_id, moment, microseconds)?;
        let signer = Signer::new(key);
        let rows = py.detach(|| signer.rows(&origin, first, previous, &self.0));
        Ok(PyBytes::new(py, &rows))
    }
}

fn origin(
    workspace_id: &Bound<'_, PyAny>,
    actor_id: &Bound<'_, PyAny>,
    moment: String,
    microseconds: i64,
) -> PyResult<Origin> {
    let workspace = id(workspace_id)?;
    Ok(Origin {
        workspace: workspace.ok_or_else(|| PyTypeError::new_err("An entry has a workspace."))?,
        actor: id(actor_id)?,
        moment,
        microseconds,
    })
}

fn id(value: &Bound<'_, PyAny>) -> PyResult<Option<u128>> {
    if value.is_none() {
        return Ok(None);
    }
    value
        .getattr(intern!(value.py(), "int"))?
        .extract()
        .map(Some)
}

fn write(json: &mut String, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if depth > DEEPEST {
        return Err(PyRecursionError::new_err("The value is nested too deeply."));
    }
    let py = value.py();
    if let Ok(text) = value.cast_exact::<PyString>() {
        write_text(json, &clean(text)?);
    } else if let Ok(items) = value.cast::<PyList>() {
        write_all(json, items.iter(), depth)?;
    } else if let Ok(object) = value.cast::<PyDict>() {
        write_object(json, object.iter(), depth)?;
    } else if value.is_none() {
        json.push_str("null");
    } else if let Ok(truth) = value.cast::<PyBool>() {
        json.push_str(if truth.is_true() { "true" } else { "false" });
    } else if value.is_instance_of::<PyInt>() {
        json.push_str(&whole(value)?);
    } else if let Ok(number) = value.cast::<PyFloat>() {
        write_number(json, number)?;
    } else if let Ok(items) = value.cast::<PyTuple>() {
        write_all(json, items.iter(), depth)?;
    } else if let Ok(object) = value.cast::<PyMapping>() {
        let pairs = object.items()?;
        let pairs = pairs
            .iter()
            .map(|pair| pair.extract::<(Bound<'_, PyAny>, _)>());
        write_object(
            json,
            pairs.collect::<PyResult<Vec<_>>>()?.into_iter(),
            depth,
        )?;
    } else if value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>() {
        write_set(json, value, depth)?;
    } else if value.is_instance(datetime(py)?)? {
        let utc = py
            .import(intern!(py, "datetime"))?
            .getattr(intern!(py, "UTC"))?;
        let moment = value.call_method1(intern!(py, "astimezone"), (utc,))?;
        write_text(
            json,
            moment.call_method0(intern!(py, "isoformat"))?.extract()?,
        );
    } else {
        write_text(json, &clean(&value.str()?)?);
    }
    Ok(())
}

fn write_all<'py>(
    json: &mut String,
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    depth: usize,
) -> PyResult<()> {
    json.push('[');
    for (number, item) in items.enumerate() {
        if number > 0 {
            json.push(',');
        }
        write(json, &item, depth + 1)?;
    }
    json.push(']');
    Ok(())
}

fn write_object<'py>(
    json: &mut String,
    pairs: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    depth: usize,
) -> PyResult<()> {
    let mut named = Vec::new();
    for (key, value) in pairs {
        named.push((clean(&key.str()?)?.into_owned(), value));
    }
    // Bytes of UTF-8 are in the order of their code points, in which Python sorts. Of two names
    // that become one, the last counts.
    named.sort_by(|one, other| one.0.cmp(&other.0));
    json.push('{');
    let mut first = true;
    for (number, (name, value)) in named.iter().enumerate() {
        if named.get(number + 1).is_some_and(|next| next.0 == *name) {
            continue;
        }
        if !first {
            json.push(',');
        }
        first = false;
        write_text(json, name);
        json.push(':');
        write(json, value, depth + 1)?;
    }
    json.push('}');
    Ok(())
}

/// A set has no order of its own: its items as JSON has them, sorted as Python sorts those.
fn write_set(json: &mut String, set: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    let items = PyList::empty(set.py());
    for item in set.try_iter()? {
        let mut one = String::new();
        write(&mut one, &item?, depth + 1)?;
        let loads = set.py().import("json")?.getattr("loads")?;
        items.append(loads.call1((one,))?)?;
    }
    items.sort()?;
    write_all(json, items.iter(), depth)
}

/// `jsonb` writes numbers out in digits: 1e16 comes back as a whole one.
fn write_number(json: &mut String, number: &Bound<'_, PyFloat>) -> PyResult<()> {
    let py = number.py();
    let value = number.value();
    if !value.is_finite() {
        return Err(PyValueError::new_err("JSON has no such number."));
    }
    if value.fract() == 0.0 {
        json.push_str(&whole(&py.get_type::<PyInt>().call1((number,))?)?);
    } else {
        let text = py
            .get_type::<PyFloat>()
            .call_method1(intern!(py, "__repr__"), (number,))?;
        json.push_str(text.extract()?);
    }
    Ok(())
}

/// Its digits, also where the type of an enumeration prints something else.
fn whole(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(number) = value.extract::<i64>() {
        return Ok(number.to_string());
    }
    let py = value.py();
    py.get_type::<PyInt>()
        .call_method1(intern!(py, "__repr__"), (value,))?
        .extract()
}

/// The text without what `jsonb` (NUL) and UTF-8 (lone surrogates) do not hold.
fn clean<'a>(text: &'a Bound<'_, PyString>) -> PyResult<std::borrow::Cow<'a, str>> {
    use std::borrow::Cow;
    let text = match text.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let py = text.py();
            let bytes = text.call_method1(intern!(py, "encode"), ("utf-8", "replace"))?;
            Cow::Owned(String::from_utf8_lossy(bytes.cast::<PyBytes>()?.as_bytes()).into_owned())
        }
    };
    Ok(if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        text
    })
}

fn datetime<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
    static DATETIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DATETIME.import(py, "datetime", "datetime")
}
