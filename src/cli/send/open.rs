//! Engines that are open, and packets that lack nothing.

use super::{Arguments, Failure, Via, unsent};
use crate::craft::Stack;
use crate::sys::route::{self, Link};
use crate::transmit::prepare::{self, PrepareError, Prepared};
use crate::transmit::{BulkEngine, Engine, PacketEngine, Raw6Engine, SendError};
use crate::wire::proto::Proto;

/// What a run needs.
pub struct Opened {
    /// One for each thread.
    pub engines: Vec<Box<dyn Engine>>,
    /// What they send, in turns.
    pub packets: Vec<Prepared>,
    /// Where it leaves; unknown for raw IPv6 packets that the kernel routes.
    pub link: Option<Link>,
}

/// Opens the engines and makes the packets ready for them.
pub fn open(arguments: &Arguments, mut stacks: Vec<Stack>, bulk: bool) -> Result<Opened, Failure> {
    let via = arguments.via.unwrap_or(Via::Packet);
    let interface = match (&arguments.interface, via) {
        (Some(name), _) => Some(name.clone()),
        (None, Via::Raw6) => None,
        (None, Via::Packet) => Some(outgoing(&stacks)?),
    };
    let named = interface.as_deref();
    let engines = match (via, named) {
        (Via::Packet, Some(name)) => {
            let mut engine = PacketEngine::open(name).map_err(unsent)?;
            for stack in &mut stacks {
                prepare::fill_source(stack, named).map_err(unprepared)?;
                prepare::fill_macs(stack, &mut engine).map_err(unprepared)?;
            }
            if bulk { engines(arguments.threads, || BulkEngine::open(name))? } else { vec![Box::new(engine) as _] }
        }
        (Via::Raw6, _) | (_, None) => {
            let engines = engines(arguments.threads, || Raw6Engine::open(named))?;
            if stacks.iter().any(|stack| stack.first().is_some_and(|layer| layer.proto == Proto::Ethernet)) {
                return Err(unsent(SendError::FrameGiven));
            }
            for stack in &mut stacks {
                prepare::fill_source(stack, named).map_err(unprepared)?;
            }
            engines
        }
    };
    let packets = stacks.iter().map(|stack| prepare::build(stack)).collect::<Result<_, _>>().map_err(unprepared)?;
    let link = named.and_then(|name| route::link(name).ok());
    Ok(Opened { engines, packets, link })
}

/// The interface that the route of the first packet leads through.
fn outgoing(stacks: &[Stack]) -> Result<String, Failure> {
    let first = stacks.first().ok_or_else(|| Failure::input("nothing to send"))?;
    let link = prepare::outgoing_interface(first).map_err(unprepared)?;
    Ok(link.ok_or_else(|| Failure::input("a frame needs the interface it leaves by: -i IF"))?.name)
}

/// An engine for each thread.
fn engines<E: Engine + 'static>(
    threads: u16,
    open: impl Fn() -> Result<E, SendError>,
) -> Result<Vec<Box<dyn Engine>>, Failure> {
    let engine = |_| open().map(|engine| Box::new(engine) as Box<dyn Engine>);
    (0..threads).map(engine).collect::<Result<_, _>>().map_err(unsent)
}

/// The exit code of packets that cannot be made ready.
fn unprepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::Send(error) => unsent(error),
        PrepareError::Start(_) | PrepareError::NoNeighbourToAsk | PrepareError::Craft(_) => Failure::input(error),
    }
}
