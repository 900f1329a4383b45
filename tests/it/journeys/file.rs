//! Reads a journey: what is asked in which order, and what must come back. It sends nothing.

use serde_json::Value;

/// A whole file.
#[derive(Debug)]
pub(super) struct Journey {
    /// Files of `fixtures/` that the world starts with.
    pub(super) fixtures: Vec<String>,
    pub(super) steps: Vec<Step>,
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Step {
    /// Where it stands in the file.
    pub(super) line: usize,
    pub(super) title: String,
    pub(super) ask: Ask,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// `None` where the body is not looked at.
    pub(super) body: Option<Value>,
}

/// What a step asks for.
#[derive(Debug)]
pub(super) enum Ask {
    /// A request at the gateway.
    Request { method: String, path: String, headers: Vec<(String, String)>, body: Option<String> },
    /// The newest captured mail to this address.
    Mail(String),
}

/// A line with its number, counted from 1.
type Line<'a> = (usize, &'a str);

impl Journey {
    /// Parses the text of a file; an error begins with the line that is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let lines: Vec<Line<'_>> = text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect();
        let starts: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].1.starts_with("###")).collect();
        let head = &lines[..starts.first().copied().unwrap_or(lines.len())];
        let fixtures = preface(head)?;
        if starts.is_empty() {
            return Err(complaint(1, "a journey has at least one step"));
        }
        let ends = starts.iter().copied().skip(1).chain([lines.len()]);
        let steps = starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| step(&lines[start..end]))
            .collect::<Result<_, _>>()?;
        Ok(Self { fixtures, steps })
    }
}

fn complaint(line: usize, what: &str) -> String {
    format!("line {line}: {what}")
}

/// The comment lines, and the fixtures that they name.
fn preface(lines: &[Line<'_>]) -> Result<Vec<String>, String> {
    if !lines.first().is_some_and(|(_, line)| line.starts_with('#')) {
        return Err(complaint(1, "a journey begins with comment lines"));
    }
    let mut fixtures = Vec::new();
    for (number, line) in lines {
        if !line.is_empty() && !line.starts_with('#') {
            return Err(complaint(*number, "a journey begins with comment lines"));
        }
        if let Some(name) = line.strip_prefix("# fixtures: ") {
            if name.contains('/') {
                return Err(complaint(*number, "a fixture is a file of `fixtures/`"));
            }
            fixtures.push(name.to_owned());
        }
    }
    Ok(fixtures)
}

fn step(lines: &[Line<'_>]) -> Result<Step, String> {
    let (line, title) = lines[0];
    let title = title.trim_start_matches('#').trim();
    if title.is_empty() {
        return Err(complaint(line, "a step has a title"));
    }
    let (number, request) = *lines.get(1).ok_or_else(|| complaint(line, "a step has a request"))?;
    let arrow = lines.iter().position(|(_, line)| line.starts_with("=>"));
    let arrow = arrow.ok_or_else(|| complaint(number, "there is no `=> STATUS`"))?;
    let status = lines[arrow].1.trim_start_matches("=>").trim().parse().ok();
    let status = status.ok_or_else(|| complaint(lines[arrow].0, "`=>` is followed by a status"))?;
    let ask = ask((number, request), lines.get(2..arrow).unwrap_or_default(), status)?;
    let answer = &lines[arrow + 1..];
    let opened = answer.iter().position(|(_, line)| line.starts_with('{')).unwrap_or(answer.len());
    let (headers, body) = answer.split_at(opened);
    let headers: Vec<Line<'_>> = headers.iter().copied().filter(|(_, line)| !line.is_empty()).collect();
    Ok(Step { line, title: title.to_owned(), ask, status, headers: fields(&headers)?, body: expected(body)? })
}

fn ask((number, request): Line<'_>, rest: &[Line<'_>], status: u16) -> Result<Ask, String> {
    let split = request.split_once(' ').filter(|(method, path)| !method.is_empty() && !path.is_empty());
    let (method, path) =
        split.ok_or_else(|| complaint(number, "a request line is METHOD, a blank and a path"))?;
    let blank = rest.iter().position(|(_, line)| line.is_empty()).unwrap_or(rest.len());
    let (headers, body) = rest.split_at(blank);
    let body = body.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
    let body = body.trim_matches('\n');
    if method == "MAIL" {
        if status != 200 || !headers.is_empty() || !body.is_empty() {
            return Err(complaint(number, "a mail's status is 200, and nothing is sent for it"));
        }
        return Ok(Ask::Mail(path.to_owned()));
    }
    Ok(Ask::Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: fields(headers)?,
        body: (!body.is_empty()).then(|| body.to_owned()),
    })
}

fn fields(lines: &[Line<'_>]) -> Result<Vec<(String, String)>, String> {
    let field = |(number, line): &Line<'_>| {
        let (name, value) =
            line.split_once(':').ok_or_else(|| complaint(*number, "a header is `Name: value`"))?;
        Ok((name.to_owned(), value.trim().to_owned()))
    };
    lines.iter().map(field).collect()
}

fn expected(lines: &[Line<'_>]) -> Result<Option<Value>, String> {
    let Some((number, _)) = lines.first() else {
        return Ok(None);
    };
    let text = lines.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
    let body = serde_json::from_str(&text);
    body.map(Some).map_err(|error| complaint(*number, &format!("the expected body is no JSON: {error}")))
}
