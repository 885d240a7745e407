//! Labs that stay, for root: node n1 of lab `line3` is the namespace
//! `sr6-line3-n1`, which `ip netns` knows too.
//!
//! `/var/run/sr6/lab/line3.toml` says that the lab exists and what it consists of.
//! It is written before the first namespace is made and removed after the last
//! one is gone, so that even a lab whose making was killed half-way is listed
//! and can be taken down. Namespaces that no such file accounts for are somebody
//! else's, whatever their names, and are never touched. Like the namespaces,
//! the directory does not survive a reboot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::sys::capability::Capability;

use super::build::{self, NETNS, Trace};
use super::{LabError, Node, plan};
use crate::topology::Topology;

const REGISTRY: &str = "/var/run/sr6/lab";

/// A lab that is up, or was left half-way.
#[derive(Debug)]
pub struct Named {
    /// What it consists of.
    pub topology: Topology,
    /// How many of its namespaces exist.
    pub present: usize,
}

impl Named {
    /// A node to run things in.
    pub fn node(&self, name: &str) -> Result<Node, LabError> {
        if self.topology.node(name).is_none() {
            let nodes = self.topology.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(LabError::NoNode { node: name.escape_debug().to_string(), nodes });
        }
        Node::open(name, &plan::namespace(&prefix(&self.topology.name), name))
    }
}

/// What the names of a lab's namespaces start with.
pub fn prefix(lab: &str) -> String {
    format!("sr6-{lab}-")
}

/// Builds a lab; if that fails or is interrupted, nothing is left of it.
/// `text` is the topology's file.
pub fn up(topology: &Topology, text: &str, trace: Trace<'_>) -> Result<(), LabError> {
    need_root()?;
    let file = file(&topology.name);
    register(&file, text).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => LabError::IsUp { lab: topology.name.clone() },
        _ => registry(&file, error),
    })?;
    let built = build::build(topology, &prefix(&topology.name), trace);
    if built.is_err() {
        unregister(&file)?;
    }
    built.map(drop)
}

/// Takes a lab down. Returns the processes that still run in what was a node:
/// they lose its links and its name, and nobody else's business is to end them.
pub fn down(lab: &Named, trace: Trace<'_>) -> Result<Vec<Process>, LabError> {
    need_root()?;
    let topology = &lab.topology;
    let mut staying = Vec::new();
    for node in &topology.nodes {
        let namespace = plan::namespace(&prefix(&topology.name), &node.name);
        let processes = inside(&namespace, &node.name);
        if !processes.is_empty() {
            // They keep the namespace alive, and with it its links.
            for end in topology.interfaces(&node.name) {
                // Gone already if the other end's namespace is.
                let _ = build::delete_link(&namespace, &end.interface, trace);
            }
        }
        staying.extend(processes);
        build::delete(&namespace, trace)?;
    }
    unregister(&file(&topology.name))?;
    Ok(staying)
}

/// All labs, by name.
pub fn list() -> Result<Vec<Named>, LabError> {
    let entries = match fs::read_dir(REGISTRY) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(registry(Path::new(REGISTRY), e)),
    };
    let mut labs = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| registry(Path::new(REGISTRY), e))?.path();
        if path.extension().is_some_and(|ext| ext == "toml") {
            let topology = Topology::load(&path.display().to_string())?;
            let there = |node: &&crate::topology::Node| {
                Path::new(NETNS).join(plan::namespace(&prefix(&topology.name), &node.name)).exists()
            };
            labs.push(Named { present: topology.nodes.iter().filter(there).count(), topology });
        }
    }
    labs.sort_by(|a, b| a.topology.name.cmp(&b.topology.name));
    Ok(labs)
}

/// The lab of that name, or the only one there is.
pub fn find(name: Option<&str>) -> Result<Named, LabError> {
    let mut labs = list()?;
    let up = match labs.iter().map(|lab| lab.topology.name.as_str()).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "none".to_string(),
        names => names,
    };
    match name {
        Some(name) => labs
            .into_iter()
            .find(|lab| lab.topology.name == name)
            .ok_or_else(|| LabError::NotUp { lab: name.to_string(), up }),
        None if labs.len() > 1 => Err(LabError::Several { up }),
        None => labs.pop().ok_or(LabError::NoneUp),
    }
}

/// A process in a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// The node it is in.
    pub node: String,
}

/// The processes in a named namespace: those whose `ns/net` is the same inode.
fn inside(namespace: &str, node: &str) -> Vec<Process> {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: PathBuf| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let Some(wanted) = identity(Path::new(NETNS).join(namespace)) else { return Vec::new() };
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let same = identity(entry.path().join("ns/net"))? == wanted;
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            same.then(|| Process { pid, name: name.trim().escape_debug().to_string(), node: node.to_string() })
        })
        .collect()
}

fn need_root() -> Result<(), LabError> {
    if Capability::SysAdmin.held() { Ok(()) } else { Err(LabError::NotRoot) }
}

/// Puts a lab on the list, whole or not at all; only one can.
fn register(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(REGISTRY)?;
    let draft = file.with_extension(format!("{}.draft", std::process::id()));
    fs::write(&draft, text)?;
    // Unlike a rename, a link never replaces what is there.
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    linked
}

/// Takes a lab off the list; somebody else may have been faster.
fn unregister(file: &Path) -> Result<(), LabError> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(registry(file, e)),
        _ => Ok(()),
    }
}

fn file(lab: &str) -> PathBuf {
    Path::new(REGISTRY).join(lab).with_extension("toml")
}

fn registry(path: &Path, source: io::Error) -> LabError {
    LabError::Registry { path: path.display().to_string(), source }
}
