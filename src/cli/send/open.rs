//! Engines that are open, and packets that lack nothing.

use std::sync::Arc;

use super::{Arguments, Failure, Via, fragment, unsent};
use crate::craft::Stack;
use crate::craft::vary::{Series, SeriesError};
use crate::sys::route::{self, Link};
use crate::transmit::prepare::{self, PrepareError, Prepared};
use crate::transmit::{
    AfxdpEngine, BulkEngine, Engine, PacketEngine, Raw6Engine, SendError, Source, Supply, Trial, Turns, Varying,
    XdpEngine,
};
use crate::wire::proto::Proto;

/// What a run needs.
pub struct Opened {
    /// One for each thread.
    pub engines: Vec<Box<dyn Engine>>,
    /// What they send.
    pub packets: Packets,
    /// Where it leaves; unknown for raw IPv6 packets that the kernel routes.
    pub link: Option<Link>,
}

/// Packets that take turns.
pub enum Packets {
    /// The same ones each time.
    Fixed(Vec<Prepared>),
    /// Others each time.
    Varying(Varying),
}

impl Packets {
    /// How many take turns.
    pub fn len(&self) -> u64 {
        match self {
            Self::Fixed(packets) => packets.len() as u64,
            Self::Varying(series) => series.len() as u64,
        }
    }

    /// The packets with the numbers `start`, `start + stride`, ….
    pub fn cursor(&self, start: u64, stride: u64) -> Box<dyn Source + '_> {
        match self {
            Self::Fixed(packets) => Turns(packets).source(start, stride),
            Self::Varying(series) => series.cursor(start, stride),
        }
    }
}

/// Opens the engines and makes the packets ready for them.
pub fn open(arguments: &Arguments, given: &[Arc<Series>], bulk: bool) -> Result<Opened, Failure> {
    // What varies is sent where its first packet goes.
    let mut stacks: Vec<Stack> = given.iter().map(|series| series.layers(0)).collect();
    let via = arguments.via.unwrap_or(Via::Packet);
    let interface = match (&arguments.interface, via) {
        (Some(name), _) => Some(name.clone()),
        (None, Via::Raw6) => None,
        (None, _) => Some(outgoing(&stacks)?),
    };
    let named = interface.as_deref();
    let engines = match (via, named) {
        (Via::Packet | Via::Afxdp | Via::Xdp | Via::Fastest, Some(name)) => {
            let mut engine = PacketEngine::open(name).map_err(unsent)?;
            for stack in &mut stacks {
                prepare::fill_source(stack, named).map_err(unprepared)?;
                prepare::fill_macs(stack, &mut engine).map_err(unprepared)?;
            }
            let trial = Trial::default();
            match via {
                Via::Afxdp => engines(arguments.threads, |thread| boxed(AfxdpEngine::open(name, thread)))?,
                Via::Xdp => engines(arguments.threads, |thread| boxed(xdp(name, thread, &trial)))?,
                Via::Fastest => engines(arguments.threads, |thread| fastest(name, thread, &trial))?,
                _ if bulk => engines(arguments.threads, |_| boxed(BulkEngine::open(name)))?,
                _ => vec![Box::new(engine) as _],
            }
        }
        (Via::Raw6, _) | (_, None) => {
            let engines = engines(arguments.threads, |_| boxed(Raw6Engine::open(named)))?;
            if stacks.iter().any(|stack| stack.first().is_some_and(|layer| layer.proto == Proto::Ethernet)) {
                return Err(unsent(SendError::FrameGiven));
            }
            for stack in &mut stacks {
                prepare::fill_source(stack, named).map_err(unprepared)?;
            }
            engines
        }
    };
    let packets = if given.iter().any(|series| series.varies()) {
        let filled = given.iter().zip(&stacks).map(|(series, first)| filled(series, first));
        let filled = filled.collect::<Result<Vec<_>, _>>().map_err(Failure::input)?;
        Packets::Varying(Varying::new(filled).map_err(unprepared)?)
    } else {
        let built = stacks.iter().map(|stack| prepare::build(stack));
        Packets::Fixed(built.collect::<Result<_, _>>().map_err(unprepared)?)
    };
    let link = named.and_then(|name| route::link(name).ok());
    let packets = match (arguments.fragment, packets) {
        (Some(mtu), Packets::Fixed(whole)) => Packets::Fixed(fragment::split(whole, mtu, link.as_ref())?),
        (Some(_), Packets::Varying(_)) => {
            return Err(Failure::input("--fragment splits packets that do not vary; sr6 craft -w them first"));
        }
        (None, packets) => packets,
    };
    Ok(Opened { engines, packets, link })
}

/// A series with what its first packet had filled in.
fn filled(series: &Arc<Series>, first: &Stack) -> Result<Arc<Series>, SeriesError> {
    let mut layers = series.given().clone();
    for (layer, complete) in layers.0.iter_mut().zip(first.iter()) {
        for (field, value) in complete.args() {
            if !layer.has(field) {
                layer.set(field, value.clone());
            }
        }
    }
    Series::new(layers, &series.options())
}

/// The interface that the route of the first packet leads through.
fn outgoing(stacks: &[Stack]) -> Result<String, Failure> {
    let first = stacks.first().ok_or_else(|| Failure::input("nothing to send"))?;
    let link = prepare::outgoing_interface(first).map_err(unprepared)?;
    Ok(link.ok_or_else(|| Failure::input("a frame needs the interface it leaves by: -i IF"))?.name)
}

/// An engine of any kind.
type AnyEngine = Box<dyn Engine>;

fn boxed<E: Engine + 'static>(engine: Result<E, SendError>) -> Result<AnyEngine, SendError> {
    engine.map(|engine| Box::new(engine) as AnyEngine)
}

/// An engine for each thread.
fn engines(threads: u16, open: impl Fn(u16) -> Result<AnyEngine, SendError>) -> Result<Vec<AnyEngine>, Failure> {
    (0..threads).map(open).collect::<Result<_, _>>().map_err(unsent)
}

/// XDP live frames, with what comes next in reserve.
fn xdp(interface: &str, thread: u16, trial: &Trial) -> Result<XdpEngine, SendError> {
    let reserve = match boxed(AfxdpEngine::open(interface, thread)) {
        Ok(engine) => engine,
        Err(_) => boxed(BulkEngine::open(interface))?,
    };
    XdpEngine::open(interface, reserve, trial.clone())
}

/// The first engine of those that are fast which can be opened.
fn fastest(interface: &str, thread: u16, trial: &Trial) -> Result<AnyEngine, SendError> {
    boxed(xdp(interface, thread, trial))
        .or_else(|_| boxed(AfxdpEngine::open(interface, thread)))
        .or_else(|_| boxed(BulkEngine::open(interface)))
}

/// The exit code of packets that cannot be made ready.
fn unprepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::Send(error) => unsent(error),
        PrepareError::Start(_) | PrepareError::NoNeighbourToAsk | PrepareError::Craft(_) => Failure::input(error),
    }
}
