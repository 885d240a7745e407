//! Where frames come from and go to: capture files and live interfaces.
//!
//! Every source yields the same [`Frame`]; nothing here looks inside a packet.
//!
//! - [`file`](mod@file): pcap and pcapng, from a path or standard input. A [`Reader`]
//!   gives frames one by one, or in [`Chunk`]s that threads can share.
//! - [`write`](mod@write): the same formats, to a path or standard output.
//! - [`Compression`]: gzip and Zstandard, around either.
//! - [`Merge`]: several files as one, by time.
//! - [`live`]: interfaces, and [`Filter`]s in tcpdump's language, by libpcap.
//!
//! ```
//! use sr6::capture::{Frame, ReadError, Reader, Timestamp, Writer, write::Options};
//! use sr6::wire::link_type::LinkType;
//!
//! let path = std::env::temp_dir().join(format!("sr6-doc-{}.pcapng", std::process::id()));
//!
//! let mut writer = Writer::create(&path, &Options::default())?;
//! let packet = [0x60, 0, 0, 0, 0, 0, 59, 64];
//! writer.write(&Frame { time: Some(Timestamp::now()), ..Frame::new(LinkType::IPV6, &packet) })?;
//! assert_eq!(writer.finish()?, 1);
//!
//! let mut reader = Reader::open(&path)?;
//! reader.for_each(|frame| {
//!     println!("{} {} bytes of {}", frame.number, frame.data.len(), frame.link);
//!     assert_eq!(frame.data, packet);
//!     Ok::<_, ReadError>(())
//! })?;
//! # std::fs::remove_file(&path)?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! To work on several cores, hand whole chunks to other threads. The frames of a
//! chunk keep their numbers, so results can be put back in order; a bounded
//! channel keeps memory to a few chunks:
//!
//! ```no_run
//! # use sr6::capture::{Chunk, Reader};
//! let mut reader = Reader::open("trace.pcap")?;
//! let (chunks, work) = std::sync::mpsc::sync_channel::<Chunk>(2);
//! let bytes = |chunk: Chunk| chunk.frames().map(|frame| frame.data.len()).sum::<usize>();
//! let worker = std::thread::spawn(move || work.iter().map(bytes).sum::<usize>());
//! let mut chunk = Chunk::new();
//! while reader.next_chunk(&mut chunk)? {
//!     chunks.send(std::mem::take(&mut chunk))?;
//! }
//! drop(chunks);
//! println!("{} bytes captured", worker.join().expect("the worker ends"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod compression;
pub mod file;
mod frame;
mod frames;
pub mod live;
mod merge;
#[cfg(test)]
pub(crate) mod testdata;
pub mod write;

pub use compression::Compression;
pub use file::{Chunk, ReadError, Reader};
pub use frame::{Comments, Frame, Timestamp};
pub use frames::Frames;
pub use live::{Filter, Live, LiveError};
pub use merge::Merge;
pub use write::{WriteError, Writer};
