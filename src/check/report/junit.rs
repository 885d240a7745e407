//! The XML that test reports in CI systems are made of, as Jenkins' JUnit
//! plugin reads it: a test suite per directory, a test case per case.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{harmless, headline};
use crate::capture::write::target::Target;
use crate::check::run::{Outcome, Status};

/// Gathers what came of cases.
#[derive(Debug, Default)]
pub struct Junit {
    suites: Vec<Suite>,
}

#[derive(Debug)]
struct Suite {
    name: String,
    cases: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    file: String,
    status: Status,
    time: Duration,
    /// Type, message and text of each failure.
    failures: Vec<(&'static str, String, String)>,
}

impl Junit {
    /// Adds a case.
    pub fn add(&mut self, outcome: &Outcome) {
        let (directory, name) = match outcome.name.rsplit_once('/') {
            Some((directory, name)) => (directory, name),
            None => (".", outcome.name.as_str()),
        };
        let (directory, name) = (harmless(directory), harmless(name));
        let failures = outcome.failures.iter().map(|failure| {
            let headline = harmless(&headline(outcome, failure));
            let first = headline.lines().next().unwrap_or_default().to_owned();
            (failure.kind.name(), first, format!("{headline}\n{}", harmless(&failure.detail)))
        });
        let entry = Entry {
            name,
            file: harmless(&outcome.file.display().to_string()),
            status: outcome.status,
            time: outcome.elapsed,
            failures: failures.collect(),
        };
        match self.suites.iter_mut().find(|suite| suite.name == directory) {
            Some(suite) => suite.cases.push(entry),
            None => self.suites.push(Suite { name: directory, cases: vec![entry] }),
        }
    }

    /// Writes the report to the file at `path`, which appears once it is whole.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let mut target = Target::replacing(path)?;
        target.write_all(&self.to_xml()?)?;
        target.publish()
    }

    fn to_xml(&self) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let all: Vec<_> = self.suites.iter().flat_map(|suite| &suite.cases).collect();
        let counts = counts(&all);
        let root = writer.create_element("testsuites").with_attribute(("name", "sr6 check"));
        root.with_attributes(counts.iter().map(|(name, value)| (*name, value.as_str())))
            .write_inner_content(|writer| self.suites.iter().try_for_each(|suite| suite.write(writer)))?;
        let mut xml = writer.into_inner();
        xml.push(b'\n');
        Ok(xml)
    }
}

/// The attributes that count cases.
fn counts(cases: &[&Entry]) -> [(&'static str, String); 4] {
    let count = |status| cases.iter().filter(|case| case.status == status).count().to_string();
    [
        ("tests", cases.len().to_string()),
        ("failures", count(Status::Fail)),
        ("errors", count(Status::Error)),
        ("time", seconds(cases.iter().map(|case| case.time).sum())),
    ]
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

impl Suite {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let counts = counts(&self.cases.iter().collect::<Vec<_>>());
        let element = writer.create_element("testsuite").with_attribute(("name", self.name.as_str()));
        let element = element.with_attributes(counts.iter().map(|(name, value)| (*name, value.as_str())));
        element.write_inner_content(|writer| self.cases.iter().try_for_each(|case| case.write(&self.name, writer)))?;
        Ok(())
    }
}

impl Entry {
    fn write(&self, suite: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let time = seconds(self.time);
        let attributes =
            [("name", self.name.as_str()), ("classname", suite), ("file", &self.file), ("time", time.as_str())];
        let element = writer.create_element("testcase").with_attributes(attributes);
        if self.failures.is_empty() {
            element.write_empty()?;
            return Ok(());
        }
        let tag = if self.status == Status::Error { "error" } else { "failure" };
        element.write_inner_content(|writer| {
            self.failures.iter().try_for_each(|(kind, message, text)| {
                let element =
                    writer.create_element(tag).with_attributes([("message", message.as_str()), ("type", kind)]);
                element.write_text_content(BytesText::new(text)).map(drop)
            })
        })?;
        Ok(())
    }
}
