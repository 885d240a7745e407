//! The floors of the house: a module may use only modules of a lower floor, or
//! of its own. The floors are read from the map in `lib.rs`, so that the map
//! stays true.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use support::captures::files;

/// Module → floor, from the lines ``//! - floor 2, [`srv6`]: …`` of `lib.rs`.
fn floors() -> BTreeMap<String, u32> {
    let map = fs::read_to_string("src/lib.rs").unwrap();
    map.lines()
        .filter_map(|line| line.strip_prefix("//! - floor "))
        .map(|line| {
            let (floor, rest) = line.split_once(", ").expect("a floor, then a comma");
            let name = rest.split('`').nth(1).expect("a module in backticks");
            (name.to_owned(), floor.parse().expect("a number"))
        })
        .collect()
}

fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut found = files(directory);
    found.retain(|path| path.extension().is_some_and(|e| e == "rs"));
    found
}

/// The modules that a source text names after `crate::`, and in
/// `use crate::{…}` lists, outside comments.
fn used(text: &str) -> Vec<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            names.push(name(rest));
            continue;
        };
        // Entries of the list itself: after its brace, and after commas outside inner braces.
        names.push(name(list.trim_start()));
        let mut depth = 1;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => names.push(name(list[at + 1..].trim_start())),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn arrows_point_down() {
    let floors = floors();
    assert!(floors.len() >= 10, "the map in lib.rs lists the modules: {floors:?}");
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let relative = file.strip_prefix("src").unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let Some(floor) = floors.get(module) else {
            assert!(["lib", "main", "build"].contains(&module), "{module} has no floor in lib.rs");
            continue;
        };
        for used in used(&fs::read_to_string(&file).unwrap()) {
            if let Some(lower) = floors.get(&used)
                && used != module
                && lower >= floor
            {
                wrong.push(format!("{}: floor {floor} uses {used} of floor {lower}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_stays_in_sys() {
    for file in rust_files("src").iter().filter(|file| !file.starts_with("src/sys")) {
        let text = fs::read_to_string(file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            assert!(
                !code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe"),
                "{}:{}: unsafe outside src/sys",
                file.display(),
                number + 1
            );
        }
    }
}

#[test]
fn every_unsafe_block_says_why() {
    for file in rust_files("src/sys") {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            let said = lines[number.saturating_sub(8)..=number].iter().any(|earlier| earlier.contains("SAFETY:"));
            assert!(said, "{}:{}: {line}: no SAFETY line", file.display(), number + 1);
        }
    }
}

#[test]
fn used_names_are_found() {
    assert_eq!(
        used("use crate::wire::srh;\nuse crate::{capture::Frame, dissect};\n// crate::cli::x"),
        ["wire", "capture", "dissect"]
    );
    assert_eq!(used("crate::sys::f(); use crate::{wire::{a, b}, show::c::{d, e}};"), ["sys", "wire", "show"]);
}
