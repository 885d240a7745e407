//! The kernel's side: the node under test as a lab, packets into it, and what
//! comes out by each link.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sr6::capture::live::{Live, Options};
use sr6::lab::{Lab, LabError, Node};
use sr6::topology::Topology;
use sr6::transmit::{Engine, Packet, PacketEngine};

/// Where a link is listened to: node, interface, and that end's own address.
const ENDS: [(&str, &str, [u8; 6]); 3] =
    [("h", "hx", [2, 0, 0, 0, 1, 1]), ("b", "bx", [2, 0, 0, 0, 2, 2]), ("b", "cx", [2, 0, 0, 0, 3, 2])];

/// Where the word goes that follows a packet on each link.
const WORDS: [&str; 3] = ["fc00:5e:a::1", "fc00:5e:b::1", "fc00:5e:c::1"];

/// The header of a frame from h to x with this packet.
pub fn frame_header(packet: &[u8]) -> [u8; 14] {
    let [high, low] = if packet.first().is_some_and(|byte| byte >> 4 == 4) { [8, 0] } else { [0x86, 0xdd] };
    [2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1, high, low]
}

/// Who would answer for the inner destination 10.9.1.1 if it were on the link:
/// this tells whether Linux asks for it or for the next hop.
pub const STRANGER: [u8; 6] = [2, 0, 0, 0, 2, 3];

/// A lab with taps on all links.
pub struct Kernel {
    lab: Lab,
    taps: Vec<Tap>,
    words: u32,
}

struct Tap {
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    read: usize,
}

impl Kernel {
    pub fn build(topology: &Topology) -> Result<Self, LabError> {
        let lab = Lab::build(topology, &|_| ())?;
        let x = lab.node("x").unwrap();
        // No neighbour is asked for while packets wait.
        for (address, mac, dev) in [
            ("2001:db8:a::1", "02:00:00:00:01:01", "xh"),
            ("2001:db8:b::1", "02:00:00:00:02:02", "xb"),
            ("10.0.2.1", "02:00:00:00:02:02", "xb"),
            ("10.9.1.1", "02:00:00:00:02:03", "xb"),
            ("2001:db8:c::1", "02:00:00:00:03:02", "xc"),
        ] {
            let args = ["neigh", "replace", address, "lladdr", mac, "dev", dev, "nud", "permanent"];
            assert!(x.command("ip").args(args).status().unwrap().success());
        }
        let taps = ENDS.iter().map(|(node, interface, own)| Tap::start(lab.node(node).unwrap(), interface, *own));
        let taps = taps.collect();
        Ok(Self { lab, taps, words: 0 })
    }

    /// A setting of x's interface towards h.
    pub fn set(&self, setting: &str, value: i32) {
        let path = format!("/proc/sys/net/ipv6/conf/xh/{setting}");
        self.lab.node("x").unwrap().run(|| fs::write(path, value.to_string())).unwrap().unwrap();
    }

    /// Sends packets, each in a frame to x, and returns what came out for each
    /// of them, by link.
    pub fn send(&mut self, packets: &[Vec<u8>]) -> Vec<[Vec<Vec<u8>>; 3]> {
        let first = self.words;
        let sent: Result<(), String> = self
            .lab
            .node("h")
            .unwrap()
            .run(|| {
                let mut engine = PacketEngine::open("hx").map_err(|e| e.to_string())?;
                let mut frame = Vec::new();
                let mut put = |packet: &[u8]| {
                    frame.clear();
                    frame.extend(frame_header(packet));
                    frame.extend(packet);
                    engine.send(Packet::Frame(&frame)).map_err(|e| e.to_string())
                };
                for (number, packet) in packets.iter().enumerate() {
                    put(packet)?;
                    for word in WORDS {
                        put(&self::word(word, first + number as u32))?;
                    }
                }
                Ok(())
            })
            .unwrap();
        sent.unwrap();
        self.words += packets.len() as u32;
        let by_link: Vec<_> = self.taps.iter_mut().map(|tap| tap.collect(first, packets.len())).collect();
        (0..packets.len()).map(|number| std::array::from_fn(|link| by_link[link][number].clone())).collect()
    }

    pub fn finish(self) {
        for tap in self.taps {
            tap.stop.store(true, Ordering::Relaxed);
            tap.thread.join().unwrap();
        }
    }
}

/// A packet that comes out by one link whatever happens, with a number.
fn word(to: &str, number: u32) -> Vec<u8> {
    let text = format!("ip6(src=2001:db8:a::1, dst={to}, nxt=253)/hex({number:08x})");
    sr6::craft::build(&sr6::notation::parse(&text).unwrap()).unwrap()
}

/// The number of a word, if the frame is one.
fn word_number(frame: &[u8]) -> Option<u32> {
    let is_word = frame.get(12..14)? == [0x86, 0xdd] && frame.get(38..42)? == [0xfc, 0, 0, 0x5e] && frame.len() >= 58;
    is_word.then(|| u32::from_be_bytes([frame[54], frame[55], frame[56], frame[57]]))
}

/// What hosts say of themselves: ARP, neighbour discovery with redirects, and
/// anything from link-local addresses (group membership).
fn is_chatter(frame: &[u8]) -> bool {
    match frame.get(12..14) {
        Some([0x86, 0xdd]) => {
            let link_local = frame.get(22..24).is_some_and(|b| b[0] == 0xfe && b[1] & 0xc0 == 0x80);
            let unspecified = frame.get(22..38).is_some_and(|b| b.iter().all(|byte| *byte == 0));
            // Neighbour discovery from any address.
            let discovery = frame.get(20) == Some(&58) && matches!(frame.get(54), Some(133..=137));
            link_local || unspecified || discovery
        }
        Some([8, 6]) => true,
        _ => false,
    }
}

impl Tap {
    fn start(node: &Node, interface: &'static str, own: [u8; 6]) -> Self {
        let frames = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (opened, ready) = std::sync::mpsc::channel();
        let thread = {
            let (node, frames, stop) = (node.clone(), Arc::clone(&frames), Arc::clone(&stop));
            std::thread::spawn(move || {
                node.enter().unwrap();
                // Through the ring: recv() would show what x changes afterwards.
                let options = Options { batch: Duration::from_millis(5), ..Options::default() };
                let mut live = Live::open(interface, &options).unwrap();
                opened.send(()).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    let mut batch = Vec::new();
                    live.next_batch(Duration::from_millis(10), None, |frame| {
                        if frame.data.get(6..12) != Some(&own) && !is_chatter(frame.data) {
                            batch.push(frame.data.to_vec());
                        }
                    })
                    .unwrap();
                    frames.lock().unwrap().extend(batch);
                }
                assert_eq!(live.stats().unwrap().dropped, 0, "{interface}: the ring overflowed");
            })
        };
        ready.recv().unwrap();
        Self { frames, stop, thread, read: 0 }
    }

    /// The frames before each of so many words, once the last has come.
    fn collect(&mut self, first: u32, count: usize) -> Vec<Vec<Vec<u8>>> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let last = first + count as u32 - 1;
        loop {
            let frames = self.frames.lock().unwrap();
            if frames[self.read..].iter().any(|frame| word_number(frame) == Some(last)) {
                let mut cells = vec![Vec::new(); count];
                let mut cell = 0;
                for frame in &frames[self.read..] {
                    match word_number(frame) {
                        Some(number) => cell = (number - first + 1) as usize,
                        None if cell < count => cells[cell].push(frame.clone()),
                        None => {}
                    }
                }
                self.read = frames.len();
                return cells;
            }
            drop(frames);
            assert!(Instant::now() < deadline, "the last packet's word did not come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
