//! Every field that bears Wireshark's name, against tshark itself.

mod witness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sr6::capture::Reader;
use sr6::dissect::{Dissection, Packet};
use sr6::show::columns::{Columns, Layout};
use sr6::wire::field::{Field, Origin};
use sr6::wire::proto::Proto;

fn vocabulary() -> Vec<&'static Field> {
    let mut names = BTreeMap::new();
    for proto in Proto::ALL {
        for field in proto.info().fields.iter().filter(|f| f.origin == Origin::Wireshark) {
            names.entry(field.name).or_insert(*field);
        }
    }
    names.into_values().collect()
}

fn ours(path: &Path, fields: &[&'static Field]) -> Vec<Vec<String>> {
    let mut columns = Columns::new(fields, Layout::default());
    let mut rows = Vec::new();
    let mut dissection = Dissection::new();
    let (mut first, mut previous) = (None, None);
    let Ok(mut reader) = Reader::open(path) else { return rows };
    let _ = reader.for_each(|frame| {
        dissection.refill(&frame);
        let mut packet = Packet::new(frame, &dissection);
        first = first.or(frame.time);
        packet.first_time = first;
        packet.previous_time = previous.or(frame.time);
        previous = frame.time;
        let mut line = Vec::new();
        columns.line(&mut line, &packet);
        let line = String::from_utf8_lossy(&line);
        rows.push(line.trim_end_matches('\n').split('\t').map(str::to_owned).collect());
        Ok::<_, sr6::capture::ReadError>(())
    });
    rows
}

fn tsharks(path: &Path, fields: &[&'static Field]) -> Option<Vec<Vec<String>>> {
    let mut command = witness::command("tshark");
    command.args(["-n", "-T", "fields", "-r"]).arg(path);
    for option in [
        "udp.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "ip.check_checksum:TRUE",
        "ip.defragment:FALSE",
        "ipv6.defragment:FALSE",
    ] {
        command.args(["-o", option]);
    }
    for field in fields {
        command.args(["-e", field.name]);
    }
    let run = witness::run(command)?;
    if run.stdout.is_empty() {
        eprintln!("{}: {}", path.display(), run.stderr);
    }
    let rows: Vec<Vec<String>> = run.stdout.lines().map(|l| l.split('\t').map(str::to_owned).collect()).collect();
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter(|r| !r[fields.iter().position(|f| f.name == "frame.encap_type").unwrap()].is_empty())
        .collect();
    Some(rows)
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the corpus") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix != "tsv") {
            found.push(path);
        }
    }
}

#[test]
fn fields_are_tsharks() {
    let Some(corpus) = std::env::var_os("SR6_CORPUS") else { return };
    let mut found = Vec::new();
    files(Path::new(&corpus), &mut found);
    found.sort();
    let fields = vocabulary();
    let mut out = String::new();
    for path in &found {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rows = ours(path, &fields);
        let theirs = tsharks(path, &fields).unwrap();
        if rows.len() != theirs.len() {
            out += &format!("{name}: {} frames, tshark {}\n", rows.len(), theirs.len());
        }
        for (number, (a, b)) in rows.iter().zip(&theirs).enumerate() {
            for ((field, a), b) in fields.iter().zip(a).zip(b) {
                if a != b {
                    let cut = |s: &str| s.chars().take(150).collect::<String>();
                    out += &format!("{}\t{}\t{}\t{}\t{}\n", field.name, name, number + 1, cut(a), cut(b));
                }
            }
        }
    }
    std::fs::write("/tmp/ly/diff.tsv", &out).unwrap();
}
