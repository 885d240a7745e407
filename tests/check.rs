//! `sr6 check` as people use it: the real binary on suites made for the purpose,
//! and Python's XML reader as a witness of the JUnit report.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::captures::{corpus, files};
use support::process::{objects, sr6, stdout, text};
use support::scratch::Scratch;
use support::witness;

/// A suite of its own.
struct Suite(Scratch);

impl Suite {
    fn new() -> Self {
        Self(Scratch::new())
    }

    /// With a capture of testdata in it.
    fn with(captures: &[&str]) -> Self {
        let suite = Self::new();
        captures.iter().for_each(|capture| suite.copy(capture));
        suite
    }

    fn copy(&self, capture: &str) {
        let name = Path::new(capture).file_name().unwrap();
        fs::copy(Path::new("testdata").join(capture), self.0.root().join(name)).expect("a copy");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Changes a byte of a file.
    fn flip(&self, name: &str, at: usize) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        bytes[at] ^= 0x01;
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs `sr6 check` here, with arguments split at spaces.
    fn run(&self, arguments: &str) -> Ran {
        let output =
            command().current_dir(self.0.root()).args(arguments.split_whitespace()).output().expect("sr6 runs");
        Ran::from(output)
    }

    /// What it says of a case with this text, named `case`.
    fn case(&self, text: &str) -> Ran {
        self.write("case.check", text);
        self.run("case.check")
    }
}

fn command() -> Command {
    let mut command = sr6();
    command.arg("check");
    command
}

#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| text(bytes).to_owned());
        Self { code: output.status.code().expect("an exit code"), out, err }
    }
}

impl Ran {
    #[track_caller]
    fn passes(&self) -> &Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self
    }

    #[track_caller]
    fn fails(&self, expected: &[&str]) -> &Self {
        assert_eq!((self.code, self.err.as_str()), (1, ""), "{}", self.out);
        self.says(expected)
    }

    #[track_caller]
    fn says(&self, expected: &[&str]) -> &Self {
        for part in expected {
            assert!(self.out.contains(part), "no {part:?} in:\n{}", self.out);
        }
        self
    }
}

/// Captures to make suites from, by their endings: the project's own, and those
/// of `SR6_CORPUS`.
fn corpora() -> Vec<PathBuf> {
    let mut found = [files("testdata"), corpus().unwrap_or_default()].concat();
    found.retain(|path| {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        ["pcap", "pcapng", "trc", "cap", "gz", "zst"].contains(&&*ending)
    });
    found
}

#[test]
fn the_projects_own_suites_pass() {
    let ran = Ran::from(command().arg("testdata").output().unwrap());
    ran.passes();
}

#[test]
fn assertions_hold_or_fail() {
    let suite = Suite::with(&["crafted/inner.pcap", "crafted/wrong.pcap", "crafted/reduced.pcap"]);
    for (capture, holds, fails, says) in [
        ("inner", "packets == 5", "packets > 5", "there are 5"),
        ("inner", "packets != 4", "packets != 5", "there are 5"),
        ("inner", "packets >= 5", "packets < 5", "there are 5"),
        ("inner", "packets <= 5", "packets <= 4", "there are 5"),
        ("inner", "count(-Y tcp) == 2", "count(tcp) == 3", "there are 2"),
        ("inner", "every packet: srh", "every packet: ipv6.plen == 80", "not so of 4 of 5 packets"),
        ("inner", "every packet (tcp): tcp.dstport == 80", "every packet (udp): udp.dstport == 54", "udp.dstport: 53"),
        ("inner", "any packet: icmpv6", "any packet: arp", "not so of any of 5 packets"),
        ("inner", "no packet: arp", "no packet: icmpv6.type == 128", "icmpv6.type: Echo (ping) request (128)"),
        ("inner", "packet 2: srh.segleft == 1 && udp", "packet 2: srh.segleft == 0", "ipv6.routing.segleft: 1"),
        ("inner", "packets 3..5: ipv6", "packets 3..5: icmpv6", "not so\n        3   "),
        ("inner", "packet 5: ipv6", "packet 6: ipv6", "there is no packet 6, only 5 packets"),
        ("inner", "no diagnostics", "every packet (arp): arp", "nothing was checked"),
        (
            "wrong",
            "no diagnostics except srh.segments_left, srh.last_entry, srh.tlv.overrun, checksum.bad, checksum.zero",
            "no diagnostics above warn",
            "error: srh.segments_left",
        ),
        ("wrong", "diagnostics of packet 5 == [checksum.zero]", "diagnostics of packet 5 == []", "warn: checksum.zero"),
        (
            "wrong",
            "diagnostics of packet 4 == [checksum.bad]",
            "diagnostics of packet 4 == [checksum.bad, srh.loop]",
            "not so",
        ),
        ("wrong", "any packet: diag == \"checksum.bad\"", "no packet: diag.severity == warn", "checksum.zero"),
        (
            "reduced",
            "path of packet 1 == [2001:db8:0:2::1, 2001:db9::1]",
            "path of packet 1 == []",
            "the path is [2001:db8:0:2::1, 2001:db9::1]",
        ),
        ("reduced", "packet 1 == packet 1", "packet 1 == packet 2 of inner.pcap", "Segments Left"),
        ("reduced", "packets == 1", "packet 1 == packet 6 of inner.pcap", "inner.pcap: there is no packet 6, only 5"),
        ("reduced", "packets == 1", "packet 1 == packet 1 of none.pcap", "none.pcap: No such file"),
    ] {
        suite.case(&format!("capture {capture}.pcap\n{holds}\n")).passes();
        let line = format!("case.check:2: {fails}: ");
        suite.case(&format!("capture {capture}.pcap\n{fails}\n")).fails(&["FAIL    case\n", &line, says, "1 failed"]);
    }
}

#[test]
fn a_network_predicts_what_was_captured() {
    let suite = Suite::with(&["kernel/n1-v12.pcap", "kernel/n3-v32.pcap", "kernel/errors.pcap", "kernel/any-sll.pcap"]);
    fs::copy("testdata/topologies/errors.toml", suite.path("errors.toml")).unwrap();
    for holds in [
        "capture n1-v12.pcap\nsimulate(line3, packet 3) == packet 3 of n3-v32.pcap",
        "capture n1-v12.pcap\nsimulate(line3, packet 3, from n1, linux) at n2 == packet 3",
        "capture n1-v12.pcap\nsimulate(line3, packet 3, from n2 by v21) at n3 == packet 3 of n3-v32.pcap",
        // The cooked header does not count.
        "capture any-sll.pcap\nsimulate(line3, packet 3) == packet 6",
        "capture errors.pcap\nsimulate(errors.toml, packet 5, linux) at n1 == packet 6 except ipv6.flow",
        "capture errors.pcap\nsimulate(errors.toml, packet 7, linux) at n1 == packet 8 except ipv6.flow",
        "capture errors.pcap\nsimulate(errors.toml, packet 7) at n3 == nothing",
    ] {
        suite.case(holds).passes();
    }
    suite.case("capture n1-v12.pcap\nsimulate(line3, packet 3) == packet 3").fails(&[
        "case.check:2: simulate(line3, packet 3) == packet 3: another packet arrives at n3 by v32, from n2 by v23",
        "-        Segments Left: 1\n    +        Segments Left: 0\n",
        "-    Hop Limit: 64\n    +    Hop Limit: 63\n",
        "the way of packet 3:\n    1. n1, made here",
    ]);
    suite
        .case("capture errors.pcap\nsimulate(errors.toml, packet 7) at n3 == packet 8")
        .fails(&["nothing arrives at n3", "dropped, with ICMPv6 4/0"]);
    suite.case("capture n1-v12.pcap\nsimulate(line3, packet 3) == nothing").fails(&["a packet arrives at n3 by v32"]);
    suite.case("capture n1-v12.pcap\nsimulate(line3, packet 30) == nothing").fails(&["there is no packet 30, only 10"]);
}

#[test]
fn goldens_are_what_read_prints() {
    let suite = Suite::with(&["crafted/inner.pcap"]);
    let forms = [
        ("line", ""),
        ("line -t e -x > epoch", "-t e -x"),
        ("tree", "-V"),
        ("tree -O srh -Y tcp > srh", "-O srh -Y tcp"),
        ("hex", "-x"),
        ("json", "-T json"),
        ("json --ranges > ranges", "-T json --ranges"),
        ("ek", "-T ek"),
        ("notation", "-T notation"),
        (
            "fields -e ipv6.dst -e ipv6.routing.segleft -E header=y",
            "-T fields -e ipv6.dst -e ipv6.routing.segleft -E header=y",
        ),
    ];
    let text: String = forms.iter().map(|(form, _)| format!("golden {form}\n")).collect();
    suite.write("inner.check", &text);
    let missing = suite.run("inner.check");
    missing.fails(&["inner.check:1: golden line: inner.line: there is no such file; --update writes it"]);
    suite.run("--update inner.check").passes().says(&["new     inner.line\n", "10 goldens written"]);
    suite.run("inner.check").passes();
    for (form, arguments) in forms {
        let name =
            form.split(" > ").nth(1).map_or_else(|| format!("inner.{}", form.split(' ').next().unwrap()), Into::into);
        let read = sr6()
            .current_dir(suite.0.root())
            .args(["read", "inner.pcap"])
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        assert_eq!(suite.read(&name), stdout(&read), "{form}");
    }
}

#[test]
fn differences_are_shown_and_updated() {
    let suite = Suite::with(&["crafted/article.pcap"]);
    suite.write("article.check", "golden tree\ngolden json\ngolden line\npackets == 2\n");
    suite.run("--update article.check").fails(&["there are 1", "new     article.tree"]);
    let (tree, json) = (suite.read("article.tree"), suite.read("article.json"));
    suite.write("article.tree", &tree.replace("Hop Limit: 64", "Hop Limit: 63"));
    suite.write("article.json", &json.replace("\"ipv6.hlim\":64", "\"ipv6.hlim\":63"));
    assert_ne!(suite.read("article.json"), json, "the golden has a hop limit");
    let expected =
        ["-    Hop Limit: 63\n    +    Hop Limit: 64\n", "@@ Frame 1\n", "\"ipv6.hlim\": 63", "\"ipv6.hlim\": 64"];
    suite.run("article.check").fails(&expected).says(&["article.tree: it differs: 1 line removed, 1 line added"]);
    let updated = suite.run("--update article.check");
    updated.fails(&expected).says(&["updated article.tree: 1 line removed", "2 goldens written"]);
    assert_eq!((suite.read("article.tree"), suite.read("article.json")), (tree, json));
    // Nothing is left beside the goldens, and nothing is written without need.
    assert_eq!(suite.0.names(), ["article.check", "article.json", "article.line", "article.pcap", "article.tree"]);
    let again = suite.run("--update article.check");
    assert!(!again.out.contains("written"), "{}", again.out);
}

#[test]
fn a_capture_that_cannot_be_read_fails_its_case_only() {
    let suite = Suite::with(&["crafted/article.pcap", "formats/cut.pcap", "formats/no-capture.pcap"]);
    suite.write("empty.pcap", "");
    suite.write("without.pcap", "");
    fs::write(suite.path("without.pcap"), &fs::read("testdata/crafted/article.pcap").unwrap()[..24]).unwrap();
    symlink(".", suite.path("directory.pcap")).unwrap();
    for name in ["article", "cut", "no-capture", "empty", "without", "missing", "directory"] {
        suite.write(&format!("{name}.check"), &format!("capture {name}.pcap\nany packet: ipv6\ngolden line\n"));
    }
    suite.write("article.line", &suite.read_line());
    let ran = suite.run(".");
    ran.fails(&[
        "FAIL    ./cut\n",
        "./cut.pcap: record 5 at offset 657 is cut short: 147 bytes announced, 138 left",
        "./no-capture.pcap: not a pcap or pcapng file (it starts with 7468697320697320)",
        "./empty.pcap: the file is empty",
        "./missing.pcap: No such file or directory",
        "./without.pcap has no packets; if that is meant, write 'packets == 0'",
        "./directory.pcap: ",
        "7 cases: 1 passed, 6 failed\n",
    ]);
    // No golden comes from a capture that fails.
    suite.run("--update .").fails(&["it is not updated from a capture that fails"]);
    assert!(!suite.path("cut.line").exists() && !suite.path("missing.line").exists());
    // That it breaks can be what is expected.
    suite.write(
        "cut.check",
        "breaks record 5 at offset 657 is cut short: 147 bytes announced, 138 left\npackets == 4\n",
    );
    suite.run("cut.check").passes();
    suite.write("cut.check", "breaks otherwise\npackets == 4\n");
    suite.run("cut.check").fails(&["cut.check:1: breaks otherwise: cut.pcap: record 5 at offset 657"]);
    suite.write("article.check", "breaks somewhere\n");
    suite.run("article.check").fails(&["article.pcap can be read to its end"]);
    suite.write("without.check", "packets == 0\n");
    suite.run("without.check").passes();
}

impl Suite {
    /// The line of the article's packet.
    fn read_line(&self) -> String {
        stdout(&sr6().args(["read", "testdata/crafted/article.pcap"]).output().unwrap()).to_owned()
    }
}

#[test]
fn mistakes_in_expectations_end_with_2_and_stop_nothing() {
    let suite = Suite::with(&["crafted/article.pcap"]);
    suite.write("a.check", "capture article.pcap\n\npackets == 1\nevery packet: ipv6.hlimm > 1\n");
    suite.write("b.check", "capture article.pcap\npackets == 1\n");
    suite.write("c.check", "");
    fs::write(suite.path("d.check"), b"packets == \xff").unwrap();
    let ran = suite.run("-v .");
    assert_eq!(ran.code, 2);
    ran.says(&[
        "ERROR   ./a\n  ./a.check:4:15: no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?\n    every packet: ipv6.hlimm > 1\n                  ^^^^^^^^^^\n",
        "ok      ./b: 1 checks, 1 packets\n",
        "./c.check:1:1: nothing is checked here",
        "./d.check: the text is not UTF-8",
        "4 cases: 1 passed, 3 with expectations that cannot be read\n",
    ]);
}

#[test]
fn bad_usage_ends_with_2() {
    let suite = Suite::with(&["crafted/article.pcap"]);
    fs::create_dir(suite.path("empty")).unwrap();
    for (arguments, expected) in [
        ("", "required arguments were not provided"),
        ("none", "none: No such file"),
        ("empty", "empty: no expectation file (*.check) in it or below"),
        ("article.pcap", "article.pcap: no article.check is beside it; 'sr6 check --init article.pcap' writes one"),
        ("--init none.pcap", "none.pcap: No such file"),
        ("--init empty", "empty: no capture files in it or below"),
        ("--init --update article.pcap", "cannot be used with"),
    ] {
        let ran = suite.run(arguments);
        assert_eq!((ran.code, ran.out.contains("passed")), (2, false), "{arguments}: {ran:?}");
        assert!(ran.err.contains(expected), "{arguments}: {}", ran.err);
    }
    suite.run("--init article.pcap").passes();
    let ran = suite.run("--filter nothing .");
    assert_eq!((ran.code, ran.err.as_str()), (2, "sr6: no case has 'nothing' in its name; --list lists them\n"));
    let again = suite.run("--init article.pcap");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("article.check is there already"), "{}", again.err);
}

#[test]
fn cases_are_chosen_and_listed_in_order() {
    let suite = Suite::new();
    fs::create_dir_all(suite.path("sub/.hidden")).unwrap();
    for (name, count) in [("b", 1), ("a", 2), ("sub/c", 1), ("sub/.hidden/d", 2), ("e", 2)] {
        let capture = suite.path(&format!("{name}.pcap"));
        fs::copy("testdata/crafted/article.pcap", capture).unwrap();
        suite.write(&format!("{name}.check"), &format!("packets == {count}\n"));
    }
    assert_eq!(suite.run("--list . b.check").passes().out, "./a\n./b\n./e\n./sub/c\nb\n");
    assert_eq!(suite.run("--list --filter c --filter a .").passes().out, "./a\n./sub/c\n");
    suite.run("--filter sub .").passes().says(&["1 case: 1 passed\n"]);
    suite.run("b.pcap sub/c.pcap").passes().says(&["2 cases: 2 passed\n"]);
    // The order is that of the names, whatever the threads do.
    for _ in 0..5 {
        let ran = suite.run("-v .");
        let told = ran.out.lines().filter(|line| line.starts_with("ok") || line.starts_with("FAIL"));
        let order: Vec<_> = told.filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(order, ["./a", "./b:", "./e", "./sub/c:"], "{}", ran.out);
        let fast = suite.run("--fail-fast -v .");
        fast.fails(&["FAIL    ./a\n", "1 case: 0 passed, 1 failed, 3 not run\n"]);
    }
    suite.write("a.check", "packets == 1\n");
    suite.run("--fail-fast -v .").fails(&["ok      ./b", "FAIL    ./e\n", "3 cases: 2 passed, 1 failed, 1 not run\n"]);
}

/// A suite of a case that passes, two that fail and one that cannot be read.
fn mixed() -> Suite {
    let suite = Suite::with(&["crafted/article.pcap", "crafted/wrong.pcap"]);
    fs::create_dir(suite.path("sub")).unwrap();
    suite.write("article.check", "packets == 1\ngolden line\n");
    suite.write("article.line", &suite.read_line());
    suite.write(
        "bad <&> #1.check",
        "capture article.pcap\ngolden line > other.line\nno packet: frame contains \"<&>\"\npackets == 2\n",
    );
    suite.write("other.line", "<&>\"' \u{1}\n");
    suite.write("sub/no.check", "packets = 1\n");
    suite.write("sub/wrong.check", "capture ../wrong.pcap\nno diagnostics\n");
    suite
}

#[test]
fn json_has_an_object_per_case() {
    let suite = mixed();
    let ran = suite.run("-T json .");
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    let cases = objects(&ran.out);
    let status: Vec<_> =
        cases.iter().map(|case| (case["case"].as_str().unwrap(), case["status"].as_str().unwrap())).collect();
    assert_eq!(
        status,
        [("./article", "pass"), ("./bad <&> #1", "fail"), ("./sub/no", "error"), ("./sub/wrong", "fail")]
    );
    assert_eq!((&cases[0]["packets"], &cases[0]["checks"]), (&1.into(), &2.into()));
    assert_eq!(cases[0]["failures"], Value::Array(Vec::new()));
    let failures = cases[1]["failures"].as_array().unwrap();
    let kinds: Vec<_> = failures.iter().map(|f| (f["kind"].as_str().unwrap(), f["line"].as_u64().unwrap())).collect();
    assert_eq!(kinds, [("golden", 2), ("assertion", 4)]);
    assert!(failures[0]["detail"].as_str().unwrap().starts_with("@@ -1,1 +1,1 @@\n-<&>"));
    let wrong = cases[3]["failures"][0]["detail"].as_str().unwrap();
    assert!(wrong.contains("error: srh.segments_left: Segments Left is 9"), "{wrong}");
}

#[test]
fn tap_is_tap() {
    let suite = mixed();
    let ran = suite.run("-T tap .");
    assert_eq!(ran.code, 2);
    let tests: Vec<_> = ran.out.lines().filter(|line| !line.starts_with(' ')).collect();
    let expected = [
        "TAP version 14",
        "1..4",
        "ok 1 - ./article",
        "not ok 2 - ./bad <&> \\#1",
        "not ok 3 - ./sub/no",
        "not ok 4 - ./sub/wrong",
    ];
    assert_eq!(tests, expected);
    let blocks = |mark: &str| ran.out.lines().filter(|line| *line == mark).count();
    assert_eq!((blocks("  ---"), blocks("  ...")), (3, 3));
    ran.says(&["    - kind: golden\n      message: |-\n        bad <&> #1.check:2: golden line > other.line: "]);
    suite.run("-T tap --fail-fast .").fails(&["not ok 2", "Bail out! 2 cases were not run\n"]);
}

#[test]
fn junit_is_read_by_others() {
    let suite = mixed();
    let ran = suite.run("--junit report.xml .");
    assert_eq!(ran.code, 2);
    let script = "import sys, json, xml.etree.ElementTree as tree\n\
        root = tree.parse(sys.argv[1]).getroot()\n\
        assert root.tag == 'testsuites', root.tag\n\
        assert [root.get(k) for k in ('tests', 'failures', 'errors')] == ['4', '2', '1'], root.attrib\n\
        float(root.get('time'))\n\
        print(json.dumps([[s.get('name'), s.get('tests'), c.get('classname'), c.get('name'), c.get('file'),\n\
            [[f.tag, f.get('type'), f.get('message'), f.text] for f in c]] for s in root for c in s]))";
    let mut python = witness::command("/usr/bin/python3");
    python.args(["-c", script]).arg(suite.path("report.xml"));
    let Some(read) = witness::run(python) else { return };
    let cases: Value = serde_json::from_str(&read.stdout).unwrap_or_else(|_| panic!("{}", read.stderr));
    let of = |index: usize| (0..5).map(|at| cases[index][at].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(of(0), [".", "2", ".", "article", "./article.check"]);
    assert_eq!(of(1), [".", "2", ".", "bad <&> #1", "./bad <&> #1.check"]);
    assert_eq!(of(3), ["./sub", "2", "./sub", "wrong", "./sub/wrong.check"]);
    assert_eq!(cases[0][5], Value::Array(Vec::new()));
    let golden = &cases[1][5][0];
    assert_eq!((golden[0].as_str(), golden[1].as_str()), (Some("failure"), Some("golden")));
    assert!(golden[3].as_str().unwrap().contains("\n-<&>\"' \u{fffd}\n+    1   0.000000 2001:db8::1"), "{golden}");
    assert_eq!((cases[2][5][0][0].as_str(), cases[2][5][0][1].as_str()), (Some("error"), Some("expectations")));
    // Where it cannot be written, nothing is, and it is said.
    let ran = suite.run("--junit none/report.xml .");
    assert_eq!((ran.code, ran.err.contains("none/report.xml: No such file")), (2, true), "{}", ran.err);
}

#[test]
fn what_init_writes_passes_and_notices_any_byte() {
    let suite = Suite::new();
    let mut names = BTreeMap::new();
    for capture in corpora() {
        // The names of directories keep captures of one name apart.
        let name = capture.to_string_lossy().trim_start_matches('/').replace('/', "_");
        fs::copy(&capture, suite.path(&name)).unwrap();
        fs::set_permissions(suite.path(&name), fs::Permissions::from_mode(0o644)).unwrap();
        names.insert(name, fs::metadata(&capture).unwrap().len());
    }
    let count = names.len();
    assert!(count >= 20, "testdata has captures");
    suite.run("--init .").passes().says(&[&format!("{count} cases: {count} passed")]);
    suite.run(".").passes().says(&[&format!("{count} cases: {count} passed")]);
    // One byte each, all at once: each case fails, and says something about it.
    for round in [0usize, 1, 2] {
        let mut flipped = 0;
        for (name, length) in names.iter().filter(|(_, length)| **length > 0) {
            let at = [*length as usize / 2, *length as usize - 1, 17][round] % *length as usize;
            suite.flip(name, at);
            flipped += 1;
        }
        let ran = suite.run("-T json .");
        assert_eq!(ran.code, 1, "{}", ran.err);
        let cases = objects(&ran.out);
        let failed = cases.iter().filter(|case| case["status"] == "fail");
        for case in failed.clone() {
            let lines: usize = case["failures"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["detail"].as_str().unwrap().lines().count())
                .sum();
            assert!(lines < 400, "{}: {lines} lines", case["case"]);
        }
        assert_eq!(failed.count(), flipped, "round {round}");
        for (name, length) in names.iter().filter(|(_, length)| **length > 0) {
            suite.flip(name, [*length as usize / 2, *length as usize - 1, 17][round] % *length as usize);
        }
    }
    suite.run(".").passes();
}

#[test]
fn a_flipped_byte_is_named() {
    let suite = Suite::with(&["crafted/article.pcap", "crafted/inner.pcap"]);
    suite.run("--init .").passes();
    // Segments Left, of a packet that begins at byte 40 of the file.
    let segments_left = 40 + 14 + 40 + 3;
    suite.flip("article.pcap", segments_left);
    suite.run("article.pcap").fails(&[
        "golden bytes: article.bytes: it differs: 1 packet differs\n",
        "    packet 1: byte 57 01 → 00\n",
        "    -        Segments Left: 1\n    +        Segments Left: 0\n",
    ]);
    suite.flip("article.pcap", segments_left);
    // The snapshot length, which no packet shows.
    suite.flip("article.pcap", 16);
    suite
        .run("article.pcap")
        .fails(&["the file differs, and no packet does", "the snapshot length of the pcap file header"]);
    suite.flip("article.pcap", 16);
    // The time of the first record.
    suite.flip("article.pcap", 24);
    suite.run("article.pcap").fails(&["packet 1: time 1700000000.000001000 → 1700000001.000001000\n"]);
    suite.flip("article.pcap", 24);
    suite.run("article.pcap").passes();
    // A packet less.
    let bytes = fs::read(suite.path("inner.pcap")).unwrap();
    fs::write(suite.path("inner.pcap"), [&bytes[..24], &bytes[24 + 16 + 134..]].concat()).unwrap();
    suite.run("inner.pcap").fails(&["packets == 5: there are 4", "1 packet differs\n    packet 1 is gone:\n"]);
    // Cut short.
    fs::write(suite.path("inner.pcap"), &bytes[..bytes.len() - 1]).unwrap();
    suite.run("inner.pcap").fails(&["inner.pcap: record 5 at offset 657 is cut short: 147 bytes announced, 146 left"]);
}

#[test]
fn init_overwrites_nothing() {
    let suite = Suite::with(&["crafted/article.pcap", "formats/article.pcapng"]);
    suite.run("--init article.pcap article.pcapng").passes();
    assert_eq!(suite.run("--list .").out, "./article\n./article.pcapng\n");
    assert!(suite.read("article.pcapng.check").contains("\ncapture article.pcapng\n"));
    suite.copy("crafted/inner.pcap");
    suite.write("inner.line", "mine\n");
    let ran = suite.run("--init inner.pcap");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "sr6: inner.line is there already; 'sr6 check --update' renews what it stores\n")
    );
    assert_eq!(suite.read("inner.line"), "mine\n");
    assert!(!suite.path("inner.check").exists());
    // The others are written all the same.
    suite.copy("crafted/vlan.pcap");
    let ran = suite.run("--init inner.pcap vlan.pcap");
    assert_eq!(ran.code, 2);
    ran.says(&["new     vlan.check"]);
    suite.run("vlan.pcap").passes();
}

#[test]
fn names_with_blanks_and_quotes_work() {
    let suite = Suite::new();
    for name in ["a b.pcap", "\"q\" #1.pcap", " lead.pcap"] {
        fs::copy("testdata/crafted/article.pcap", suite.path(name)).unwrap();
    }
    suite.run("--init .").passes().says(&["3 cases: 3 passed"]);
    suite.run(".").passes();
}

#[test]
fn knowledge_is_taken_from_files_beside() {
    let suite = Suite::new();
    let hmac = "ip6(src=fc00:a::1)/srh(path=[fc00:b::1, fc00:c::1], flags=8, tlvs=[tlv(5, \
        00000000002aaa2ef2990f9937db621349da59573a53119a7394b837a797888f7cc6f71cf9e7)])/udp(dport=5000)/";
    let made = sr6()
        .args(["craft", "--time", "0", "-w"])
        .arg(suite.path("hmac.pcap"))
        .arg(format!("{hmac}hex({})", "00".repeat(44)))
        .status()
        .unwrap();
    assert!(made.success());
    suite.write("keys", "42:sha256:secret-key-0123\n");
    let text = "capture hmac.pcap\nhmac-keys keys\npacket 1: srh.hmac.status == valid\n";
    suite.case(text).passes();
    suite.case(&text.replace("hmac-keys keys\n", "")).fails(&["srh.hmac.status"]);
    suite.case("capture hmac.pcap\ndecode-as 5000=stamp\nany packet: stamp\n").passes();
    suite.case("capture hmac.pcap\nany packet: stamp\n").fails(&["not so of any of 1 packet"]);
    suite.case("capture hmac.pcap\nlocator fc00::/16:16\nany packet: csid\n").passes();
    let wrong = suite.case("capture hmac.pcap\nhmac-keys none\npackets == 1\n");
    assert_eq!(wrong.code, 2);
    wrong.says(&["case.check:2:11: none: No such file", "hmac-keys none\n"]);
}

#[test]
fn compressed_captures_are_checked() {
    let suite = Suite::with(&["crafted/inner.pcap"]);
    let status = Command::new("gzip").arg(suite.path("inner.pcap")).status().expect("gzip runs");
    assert!(status.success());
    suite.run("--init inner.pcap.gz").passes();
    assert!(suite.read("inner.check").contains("packets == 5\n"));
    suite.run(".").passes();
    let length = fs::metadata(suite.path("inner.pcap.gz")).unwrap().len() as usize;
    for at in [4, length / 2, length - 6] {
        suite.flip("inner.pcap.gz", at);
        suite.run(".").fails(&["FAIL    ./inner"]);
        suite.flip("inner.pcap.gz", at);
    }
}

#[test]
fn a_golden_is_not_written_outside_its_suite() {
    let suite = Suite::with(&["crafted/article.pcap"]);
    for place in ["../x", "/tmp/x", "sub/../../x"] {
        let ran = suite.case(&format!("capture article.pcap\ngolden line > {place}\n"));
        assert_eq!(ran.code, 2, "{place}");
        ran.says(&["case.check:2:15: expected the name of a file in this directory, or below it\n"]);
    }
    assert_eq!(suite.0.names(), ["article.pcap", "case.check"]);
}
