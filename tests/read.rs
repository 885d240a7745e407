//! `sr6 read` as people use it: the real binary on files and pipes, and tshark
//! as a witness of what is tshark's to say.

mod support;
#[path = "../benches/traffic/mod.rs"]
mod traffic;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sr6::capture::{Frame, Timestamp};
use sr6::wire::link_type::LinkType;
use support::captures;
use support::process::{feed, objects, peak, signal, sr6, stderr, stdout, text};
use support::scratch::Scratch;
use support::witness;

/// A capture with frames at these times, each with one byte.
fn capture(scratch: &Scratch, name: &str, times: &[i128]) -> PathBuf {
    let path = scratch.path(name);
    let data: Vec<_> = (0..times.len()).map(|number| [number as u8]).collect();
    let times = times.iter().map(|time| Some(Timestamp(*time)));
    let frames = times.zip(&data).map(|(time, data)| Frame { time, ..Frame::new(LinkType::ETHERNET, data) });
    captures::write(&path, frames);
    path
}

fn command() -> Command {
    let mut command = sr6();
    command.arg("read");
    command
}

/// Runs `sr6 read` with arguments, split at spaces, and files.
fn read(arguments: &str, files: &[&Path]) -> Output {
    command().args(arguments.split_whitespace()).args(files).output().expect("sr6 runs")
}

/// Its standard output, where all went well.
fn good(arguments: &str, files: &[&Path]) -> String {
    let output = read(arguments, files);
    assert_eq!(stderr(&output), "", "{arguments}");
    stdout(&output).to_owned()
}

/// What it says when it ends with 2.
fn bad(arguments: &str, files: &[&Path]) -> (String, String) {
    let output = read(arguments, files);
    assert_eq!(output.status.code(), Some(2), "{arguments}: {}", stderr(&output));
    (text(&output.stdout).to_owned(), stderr(&output).to_owned())
}

fn captures_in(directories: &[&str]) -> Vec<PathBuf> {
    let mut paths: Vec<_> = directories.iter().flat_map(|name| captures::files(format!("testdata/{name}"))).collect();
    paths.retain(|path| path.extension().is_some_and(|suffix| suffix == "pcap" || suffix == "pcapng"));
    assert!(!paths.is_empty());
    paths
}

/// The captures that are whole.
fn whole() -> Vec<PathBuf> {
    let mut paths = captures_in(&["kernel", "crafted", "formats"]);
    paths.retain(|path| !["cut.pcap", "cut-header.pcap", "no-capture.pcap"].iter().any(|name| path.ends_with(name)));
    paths
}

fn tshark(arguments: &str, file: &Path) -> Option<String> {
    let mut tshark = witness::tshark(file);
    tshark.args(arguments.split_whitespace());
    let run = witness::run(tshark)?;
    assert!(run.success, "tshark {arguments}: {}", run.stderr);
    Some(run.stdout)
}

#[test]
fn columns_are_laid_out_as_tshark_does() {
    let fields = "-T fields -e frame.number -e frame.time_epoch -e frame.time_delta -e frame.len -e eth.src -e ipv6.addr \
                  -e ipv6.routing.srh.addr -e ipv6.flow -e udp.port -e udp.dstport -e icmpv6.type -e ipv6.nxt";
    for layout in [
        "",
        "-E header=y",
        "-E separator=, -E quote=d",
        "-E separator=/s -E aggregator=/s -E quote=s",
        "-E separator=; -E aggregator=| -E occurrence=a",
        "-E occurrence=f -E header=n",
        "-E occurrence=l -E separator=/t -E quote=n",
    ] {
        let arguments = format!("{fields} {layout}");
        for file in ["kernel/encap.pcap", "kernel/errors.pcap", "crafted/two-srhs.pcap", "crafted/vlan.pcap"] {
            let file = Path::new("testdata").join(file);
            let Some(theirs) = tshark(&arguments, &file) else { return };
            assert_eq!(good(&arguments, &[&file]), theirs, "{layout} {}", file.display());
        }
    }
}

#[test]
fn times_are_as_tshark_shows_them() {
    let scratch = Scratch::new();
    let times =
        [1_700_000_000_000_001_000, 1_700_000_003_500_000_000, 1_700_000_003_250_000_000, 1_700_086_400_000_000_000];
    let micro = capture(&scratch, "micro.pcap", &times);
    let nano = capture(&scratch, "nano.pcap", &times.map(|time| time + 7));
    for form in ["r", "d", "a", "ad", "u", "ud", "e"] {
        for file in [&micro, &nano] {
            // -t decides how its own columns show the time.
            let Some(theirs) = tshark(&format!("-t {form} -T fields -e _ws.col.Time"), file) else { return };
            let ours = good(&format!("-t {form}"), &[file]);
            let width = if form.len() == 2 { 2 } else { 1 };
            let time = |line: &str| line.split_whitespace().skip(1).take(width).collect::<Vec<_>>().join(" ");
            let ours: Vec<_> = ours.lines().map(time).collect();
            assert_eq!(ours, theirs.lines().collect::<Vec<_>>(), "-t {form} {}", file.display());
        }
    }
}

/// The members of all objects within, by key.
fn members<'v>(value: &'v Value, found: &mut Vec<(&'v str, &'v Value)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.push((key, value));
                members(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        _ => {}
    }
}

#[test]
fn elastic_lines_have_tsharks_values() {
    let mut compared = 0;
    for file in captures_in(&["kernel", "crafted"]) {
        if file.ends_with("wrong.pcap") {
            continue;
        }
        let Some(theirs) = tshark("-T ek -o ip.defragment:FALSE -o ipv6.defragment:FALSE", &file) else { return };
        let ours = good("-T ek", &[&file]);
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{}", file.display());
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            let [ours, theirs] = [ours, theirs].map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            assert_eq!((&ours["index"], &ours["timestamp"]), (&theirs["index"], &theirs["timestamp"]));
            let (mut own, mut known) = (Vec::new(), Vec::new());
            members(&ours["layers"], &mut own);
            members(&theirs["layers"], &mut known);
            for (key, value) in own.into_iter().filter(|(_, value)| !value.is_object()) {
                let same: Vec<_> = known.iter().filter(|(theirs, _)| *theirs == key).map(|(_, value)| *value).collect();
                let is_array_of_layers = value.as_array().is_some_and(|items| items.iter().any(Value::is_object));
                // The payload may be a protocol to tshark that sr6 does not know, which shows in the list of names.
                if same.is_empty() || is_array_of_layers || key == "frame_frame_protocols" {
                    continue;
                }
                // A checksum left to the interface is wrong to tshark, as is one over the destination that a
                // compressed SID arrives with; `tshark/differences.rs` has the whole list.
                let doubted = |(key, value): &(&str, &Value)| key.ends_with("_checksum_status") && *value == "0";
                if key.contains("_checksum_") && known.iter().any(doubted) {
                    continue;
                }
                assert!(same.contains(&value), "{}: {key}: {value}, tshark has {same:?}", file.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}

/// Checks a value against as much of JSON Schema as the schema uses.
fn conforms(value: &Value, schema: &Value, root: &Value, place: &str) -> Result<(), String> {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        return conforms(value, &root["$defs"][reference.strip_prefix("#/$defs/").unwrap()], root, place);
    }
    let wrong = |what: &str| Err(format!("{place}: {value} {what}"));
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        let fits = choices.iter().any(|choice| conforms(value, choice, root, place).is_ok());
        return if fits { Ok(()) } else { wrong("fits none of the choices") };
    }
    let allowed = schema.get("enum").is_none_or(|allowed| allowed.as_array().unwrap().contains(value));
    if !allowed || schema.get("const").is_some_and(|constant| constant != value) {
        return wrong("is not allowed");
    }
    let kind = schema.get("type").and_then(Value::as_str);
    let fits = match kind {
        Some("object") => value.is_object(),
        Some("array") => value.as_array().is_some_and(|a| a.len() as u64 >= schema["minItems"].as_u64().unwrap_or(0)),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        _ => kind.is_none(),
    };
    if !fits {
        return wrong(&format!("is not of type {kind:?}"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            return wrong(&format!("lacks {required}"));
        }
    }
    for (key, member) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{key}");
        match schema["properties"].get(key).or_else(|| schema.get("additionalProperties").filter(|s| s.is_object())) {
            Some(known) => conforms(member, known, root, &place)?,
            None => return Err(format!("{place} is not in the schema")),
        }
    }
    if let Some(items) = schema.get("items") {
        value.as_array().into_iter().flatten().try_for_each(|item| conforms(item, items, root, place))?;
    }
    Ok(())
}

#[test]
fn json_is_as_its_schema_says() {
    let schema = sr6().args(["fields", "--json-schema"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let count = |file: &Path| good("-T fields -e frame.number", &[file]).lines().count();
    for file in whole() {
        for arguments in ["-T json", "-T json --ranges"] {
            let lines = good(arguments, &[&file]);
            assert_eq!(lines.lines().count(), count(&file), "{}", file.display());
            for line in lines.lines() {
                let packet: Value = serde_json::from_str(line).unwrap();
                conforms(&packet, &schema, &schema, "packet").unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            }
        }
    }
    let wrong = serde_json::json!({"schema": "sr6.packet/1", "number": "1", "layers": []});
    assert!(conforms(&wrong, &schema, &schema, "packet").is_err());
}

#[test]
fn ranges_are_where_the_values_are() {
    let file = Path::new("testdata/kernel/encap.pcap");
    let lines = good("-T json --ranges", &[file]);
    let frames = captures::read(file, |frame| frame.data.to_vec());
    let packets = objects(&lines);
    assert_eq!(packets.len(), frames.len());
    let mut compared = 0;
    for (packet, data) in packets.iter().zip(&frames) {
        for layer in packet["layers"].as_array().unwrap() {
            for name in ["ipv6.src", "ipv6.hlim", "udp.dstport", "data.data"] {
                let Some(range) = layer["ranges"][name].as_array() else { continue };
                let [start, len] = [&range[0], &range[1]].map(|number| number.as_u64().unwrap() as usize);
                let bytes = &data[start..start + len];
                let stands = match &layer[name] {
                    Value::Number(number) => {
                        bytes.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)) == number.as_u64().unwrap()
                    }
                    Value::String(words) if name == "data.data" => hex::encode(bytes) == *words,
                    Value::String(words) => words.parse::<std::net::Ipv6Addr>().unwrap().octets() == bytes,
                    other => panic!("{other}"),
                };
                assert!(stands, "{name} at {start}+{len}: {}", layer[name]);
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared}");
}

#[test]
fn only_the_protocols_asked_for_are_open() {
    let file = Path::new("testdata/crafted/article.pcap");
    let all = good("-V", &[file]);
    let some = good("-O srh,udp", &[file]);
    for line in [
        "Internet Protocol Version 6, Src: 2001:db8::1",
        "        Segments Left: 1",
        "    Destination Port: 3000",
        "Frame 1: ",
    ] {
        assert!(some.contains(line), "{line:?} is missing in:\n{some}");
    }
    for line in ["    Hop Limit: ", "    Frame Number: ", "    Destination: 02:"] {
        assert!(all.contains(line) && !some.contains(line), "{line:?} in:\n{some}");
    }
    assert!(some.lines().all(|line| all.contains(line)));
    let (_, error) = bad("-O udpp", &[file]);
    assert_eq!(error, "sr6: there is no protocol 'udpp'; did you mean 'udp'?\n");
}

#[test]
fn mistakes_are_told_in_one_line() {
    let scratch = Scratch::new();
    let file = Path::new("testdata/crafted/article.pcap");
    for (arguments, said) in [
        ("-T fields -e ipv6.hlimm", "there is no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?"),
        ("-T fields", "needs the fields to print"),
        ("-T json -e ipv6.hlim", "use them with -T fields"),
        ("-T json -V", "belong to -T text"),
        ("--ranges", "--ranges belongs to -T json"),
        ("-e frame.len -E header=x", "-E header=x: expected y or n"),
        ("-e frame.len -E colour=red", "-E colour=red: expected header=y|n"),
        ("-e frame.len -E separator=ab", "expected one character"),
        ("-V -w -", "standard output, which is where the text would go"),
    ] {
        let (out, error) = bad(arguments, &[file]);
        assert!(
            error.contains(said) && error.starts_with("sr6: ") && error.lines().count() == 1,
            "{arguments}: {error}"
        );
        assert_eq!(out, "");
    }
    let empty = scratch.path("empty.pcap");
    fs::write(&empty, "").unwrap();
    let unknown = scratch.path("none.pcap");
    for (path, said) in [
        (empty.as_path(), "the file is empty"),
        (unknown.as_path(), "No such file"),
        (Path::new("testdata/formats/no-capture.pcap"), "not a pcap or pcapng file"),
        (scratch.root(), "Is a directory"),
    ] {
        let (out, error) = bad("", &[path]);
        assert!(error.contains(said) && error.contains(path.to_str().unwrap()), "{error}");
        assert_eq!((out.as_str(), error.lines().count()), ("", 1));
    }
}

#[test]
fn what_a_file_has_before_it_breaks_is_shown() {
    let (out, error) = bad("", &[Path::new("testdata/formats/cut.pcap")]);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("at offset ") && error.contains("is cut short"), "{error}");
    assert!(!out.is_empty());

    // Every way to cut a file: the packets before the cut, then the line.
    let scratch = Scratch::new();
    let file = capture(&scratch, "three.pcap", &[1000, 2000, 3000]);
    let bytes = fs::read(&file).unwrap();
    for length in 24..bytes.len() {
        let path = scratch.path("cut.pcap");
        fs::write(&path, &bytes[..length]).unwrap();
        let output = read("", &[&path]);
        let frames = (length - 24) / 17;
        assert_eq!(text(&output.stdout).lines().count(), frames);
        let clean = (length - 24) % 17 == 0;
        assert_eq!(output.status.code(), Some(if clean { 0 } else { 2 }), "{length}");
        assert_eq!(output.stderr.is_empty(), clean);
    }
}

#[test]
fn an_unknown_link_type_is_a_line_with_a_finding() {
    let scratch = Scratch::new();
    let path = scratch.path("link.pcap");
    captures::write(&path, [Frame { time: Some(Timestamp(0)), ..Frame::new(LinkType(147), &[1, 2, 3]) }]);
    assert_eq!(good("", &[&path]), "    1   0.000000 Data  3 bytes  [note: link.unknown]\n");
}

#[test]
fn several_files_are_one_by_time() {
    let scratch = Scratch::new();
    let one = capture(&scratch, "one.pcap", &[1_000_000, 5_000_000]);
    let two = capture(&scratch, "two.pcapng", &[2_000_000, 3_000_000, 9_000_000]);
    let fields = "-T fields -e frame.number -e frame.time_epoch -e frame.time_relative -e frame.time_delta";
    assert_eq!(
        good(fields, &[&one, &two]),
        "1\t0.001000000\t0.000000000\t0.000000000\n\
         2\t0.002000000\t0.001000000\t0.001000000\n\
         3\t0.003000000\t0.002000000\t0.001000000\n\
         4\t0.005000000\t0.004000000\t0.002000000\n\
         5\t0.009000000\t0.008000000\t0.004000000\n"
    );
    let merged = scratch.path("merged.pcapng");
    let write = format!("-c 4 -w {}", merged.display());
    assert_eq!(good(&write, &[&two, &one]), "");
    assert_eq!(
        good("-T fields -e frame.time_epoch", &[&merged]),
        "0.001000000\n0.002000000\n0.003000000\n0.005000000\n"
    );
}

#[test]
fn written_and_read_again_is_the_same() {
    let scratch = Scratch::new();
    for file in whole() {
        let copy = scratch.path("copy.pcapng");
        assert_eq!(good(&format!("-w {}", copy.display()), &[&file]), "");
        // Only pcapng says which interface it was.
        let tree = |file| {
            let text = good("-V -t ad", &[file]);
            text.lines().filter(|line| !line.starts_with("    Interface ")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(tree(&copy), tree(&file), "{}", file.display());
    }
    // And through a pipe, as other tools have it.
    let file = Path::new("testdata/kernel/encap.pcap");
    let copy = read("-w -", &[file]).stdout;
    let output = feed(command().args(["-V", "-r", "-"]), &copy).unwrap();
    assert_eq!(stdout(&output), good("-V", &[file]));
}

#[test]
fn large_captures_keep_their_order() {
    let scratch = Scratch::new();
    let path = scratch.path("large.pcap");
    traffic::write(&path, 4000, traffic::Mix::Flows).unwrap();
    let numbers = good("-T fields -e frame.number", &[&path]);
    assert!(numbers.lines().enumerate().all(|(n, line)| line == (n + 1).to_string()));
    assert_eq!(numbers.lines().count(), 4000);
    assert_eq!(good("-c 1234 -T fields -e frame.number", &[&path]).lines().count(), 1234);
    let summary = good("-q", &[&path]);
    assert!(
        summary.starts_with("        4000 packets\n") && summary.contains("        4000 packets with SRv6\n"),
        "{summary}"
    );
    // Times since the packet before do not notice where chunks end.
    let deltas = good("-T fields -e frame.time_delta", &[&path]);
    assert!(deltas.lines().skip(1).all(|delta| delta == "0.000007000"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scratch = Scratch::new();
    let path = scratch.path("large.pcap");
    traffic::write(&path, 4000, traffic::Mix::Flows).unwrap();
    for arguments in [&["-V"][..], &["-T", "json"], &["-w", "-"]] {
        let mut child =
            command().args(arguments).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut some = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{arguments:?}");
    }
}

/// Waits for a child to end by itself.
fn ended(child: &mut Child) -> i32 {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().expect("an exit code");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    panic!("it did not end");
}

#[test]
fn a_growing_file_is_followed_until_interrupted() {
    let scratch = Scratch::new();
    let bytes = fs::read(capture(&scratch, "whole.pcap", &[1_000, 2_000, 3_000])).unwrap();
    let path = scratch.path("growing.pcap");
    let mut growing = File::create(&path).unwrap();
    let mut grow = |part: &[u8]| growing.write_all(part).unwrap();
    grow(&bytes[..24 + 17]);
    let mut child = command().arg("--follow").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().starts_with("    1   0.000000"));
    // Half a record, and its other half later.
    grow(&bytes[24 + 17..24 + 17 + 9]);
    std::thread::sleep(Duration::from_millis(150));
    grow(&bytes[24 + 17 + 9..]);
    assert!(next().starts_with("    2   0.000001"));
    assert!(next().starts_with("    3   0.000002"));
    signal(&child, "INT");
    assert_eq!(ended(&mut child), 130);
}

#[test]
fn an_interrupted_pipe_completes_what_is_written() {
    let scratch = Scratch::new();
    let bytes = fs::read(capture(&scratch, "whole.pcap", &[1_000, 2_000])).unwrap();
    let copy = scratch.path("copy.pcap");
    let arguments = ["-P", "-w", copy.to_str().unwrap(), "-"];
    let mut child = command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A record and a half.
    stdin.write_all(&bytes[..24 + 17 + 5]).unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("    1 "));
    signal(&child, "INT");
    assert_eq!(ended(&mut child), 130);
    drop(stdin);
    assert_eq!(good("", &[&copy]).lines().count(), 1);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let file = Path::new("testdata/crafted/wrong.pcap");
    let plain = good("--color never", &[file]);
    assert_eq!(good("", &[file]), plain, "standard output is no terminal here");
    let coloured = good("--color always", &[file]);
    assert!(coloured.contains("\x1b[") && !plain.contains('\x1b'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    let tree = good("-V --color always", &[file]);
    assert_eq!(anstream::adapter::strip_str(&tree).to_string(), good("-V", &[file]));
}

/// Sends a capture through a pipe that is `repeats` times as long as `bytes`,
/// and watches the memory that reading it takes, in KiB.
fn memory(arguments: &[&str], bytes: &[u8], repeats: usize) -> u64 {
    let mut child = command().args(arguments).arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bytes[..24]).unwrap();
    for _ in 0..repeats {
        stdin.write_all(&bytes[24..]).unwrap();
    }
    let peak = peak(&child);
    drop(stdin);
    assert_eq!(ended(&mut child), 0);
    peak
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let scratch = Scratch::new();
    let path = scratch.path("some.pcap");
    traffic::write(&path, 20_000, traffic::Mix::Flows).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 9_000_000);
    // A debug build takes its time over every packet.
    let scale = if cfg!(debug_assertions) { 1 } else { 4 };
    for (arguments, repeats) in
        [(&["-q"][..], 11 * scale), (&["-V", "-x"], scale), (&["-T", "json", "--ranges"], scale)]
    {
        let peak = memory(arguments, &bytes, repeats);
        assert!(peak < 64 << 10, "{arguments:?}: {peak} KiB");
    }
}
