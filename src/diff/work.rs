//! What a thread does with matched packets: compare them, and write what came out.

use std::sync::Arc;

use crate::dissect::{Dissection, Packet, Settings};

use super::compare::{Comparer, Rules};
use super::feed::Keyed;
use super::matcher::{Event, How};
use super::side::At;
use super::tally::Tally;
use super::{Form, json, text};

/// Some events, and the batches that their packets are in.
#[derive(Debug, Default)]
pub(super) struct Job {
    pub events: Vec<Event>,
    /// Of both sides: the number of the first batch, and the batches.
    pub held: [(u64, Vec<Arc<Keyed>>); 2],
}

impl Job {
    fn keyed(&self, side: usize, at: At) -> Option<&Keyed> {
        let (first, batches) = self.held.get(side)?;
        batches.get(usize::try_from(at.batch.checked_sub(*first)?).ok()?).map(|keyed| &**keyed)
    }
}

/// What became of a job.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub text: Vec<u8>,
    pub tally: Tally,
}

/// How to write it.
#[derive(Debug, Clone)]
pub(super) struct Writing {
    pub form: Form,
    /// Whether accepted differences are written, too.
    pub all: bool,
    /// What the captures are called.
    pub names: [Arc<str>; 2],
}

pub(super) struct Worker {
    comparer: Comparer,
    dissection: Box<Dissection>,
    writing: Writing,
    rules: Arc<Rules>,
}

impl Worker {
    pub fn new(rules: &Arc<Rules>, settings: &Arc<Settings>, writing: Writing) -> Self {
        let dissection = Box::new(Dissection::with(Arc::clone(settings)));
        Self { comparer: Comparer::new(Arc::clone(rules), settings), dissection, writing, rules: Arc::clone(rules) }
    }

    pub fn run(&mut self, job: &Job, output: &mut Output) {
        for event in &job.events {
            match *event {
                Event::Pair { left, right, how, moved } => self.pair(job, left, right, how, moved, output),
                Event::Alone { side, at, window } => self.alone(job, side, at, window, output),
            }
        }
    }

    fn pair(&mut self, job: &Job, left: At, right: At, how: How, moved: bool, output: &mut Output) {
        let frame = |side: usize, at: At| {
            let keyed = job.keyed(side, at)?;
            let entry = keyed.entries.get(at.entry as usize)?;
            keyed.batch.frame(entry.position as usize)
        };
        let (Some(a), Some(b)) = (frame(0, left), frame(1, right)) else { return };
        output.tally.packets[0] += 1;
        output.tally.packets[1] += 1;
        let moved = moved && !self.rules.any_order;
        output.tally.pair(how, moved);
        if self.rules.times
            && let (Some(before), Some(after)) = (a.time, b.time)
        {
            output.tally.delay(after.0 - before.0);
        }
        if !moved && self.comparer.is_same(&a, &b) {
            output.tally.same += 1;
            return;
        }
        let comparison = self.comparer.compare(&a, &b);
        output.tally.comparison(&comparison);
        match self.writing.form {
            Form::Text => text::pair(&mut output.text, &comparison, how, moved, self.writing.all),
            Form::Json => json::pair(&mut output.text, &comparison, how, moved, self.writing.all),
            Form::Quiet => {}
        }
    }

    fn alone(&mut self, job: &Job, side: usize, at: At, window: bool, output: &mut Output) {
        output.tally.packets[side] += 1;
        output.tally.alone[side] += 1;
        output.tally.passed[side] += u64::from(window);
        let Some(keyed) = job.keyed(side, at) else { return };
        let Some(entry) = keyed.entries.get(at.entry as usize) else { return };
        let position = entry.position as usize;
        let Some((frame, time_digits)) = keyed.batch.seen(position) else { return };
        match self.writing.form {
            Form::Text => {
                self.dissection.refill(&frame);
                let mut packet = Packet::new(&frame, &self.dissection);
                packet.first_time = keyed.batch.first_time;
                packet.time_digits = time_digits;
                text::alone(&mut output.text, &packet, &self.writing.names[side], window);
            }
            Form::Json => {
                json::alone(&mut output.text, &Packet::new(&frame, &self.dissection), side, window);
            }
            Form::Quiet => {}
        }
    }
}
