//! Going through the packets of a series.

use std::collections::HashMap;
use std::sync::Arc;

use super::template::Template;
use super::{Series, SeriesError};

/// The most kinds of packets that get a template each.
const MANY_KINDS: u128 = 65_536;
/// The most bytes that templates may take up together.
const MUCH: usize = 32 << 20;

/// Where someone is in a series, and what it takes to go on quickly. Nothing is
/// allocated for a packet whose template there is.
#[derive(Debug)]
pub struct Cursor {
    series: Arc<Series>,
    /// The packet that is next.
    next: u64,
    stride: u64,
    /// How far each axis is in that packet.
    digits: Vec<u64>,
    /// Which value each axis has in the packet under way.
    places: Vec<u128>,
    /// The places of those axes that decide which template it is.
    key: Vec<u128>,
    templates: Templates,
    /// A packet that has no template.
    built: Vec<u8>,
}

/// The templates there are.
#[derive(Debug)]
struct Templates {
    list: Vec<Template>,
    by_key: HashMap<Box<[u128]>, usize>,
    /// Bytes that they take up.
    size: usize,
    /// Whether further ones are to be kept.
    keep: bool,
    /// The one of the last packet, and its key.
    current: usize,
    current_key: Vec<u128>,
}

impl Cursor {
    pub(super) fn new(series: Arc<Series>, first: u64, stride: u64) -> Self {
        let kinds = series.axes.iter().zip(&series.plain).filter(|(_, plain)| !**plain);
        let kinds = kinds.fold(1u128, |kinds, (axis, _)| kinds.saturating_mul(axis.variety()));
        let templates = Templates {
            list: Vec::new(),
            by_key: HashMap::new(),
            size: 0,
            keep: kinds <= MANY_KINDS,
            current: 0,
            current_key: Vec::new(),
        };
        let axes = series.axes.len();
        let (digits, places, key) = (vec![0; axes], vec![0; axes], Vec::with_capacity(axes));
        let mut cursor = Self { series, next: first, stride, digits, places, key, templates, built: Vec::new() };
        cursor.seek(first);
        cursor
    }

    /// The series it goes through.
    pub fn series(&self) -> &Arc<Series> {
        &self.series
    }

    /// The number of the packet that is next.
    pub fn number(&self) -> u64 {
        self.next
    }

    /// Goes to packet `packet`.
    pub fn seek(&mut self, packet: u64) {
        self.next = packet;
        self.series.digits(packet, &mut self.digits);
    }

    /// The packet with this number; the one after it, by the stride, is next.
    ///
    /// # Errors
    /// Where it does not build.
    pub fn packet(&mut self, packet: u64) -> Result<&[u8], SeriesError> {
        if packet != self.next {
            self.seek(packet);
        }
        self.next()
    }

    /// The next packet. It goes on for ever: after the last comes the first.
    ///
    /// # Errors
    /// Where it does not build; the one after it is next all the same.
    #[expect(clippy::should_implement_trait, reason = "the packet lies in the cursor")]
    pub fn next(&mut self) -> Result<&[u8], SeriesError> {
        let Self { series, next, stride, digits, places, key, templates, built } = self;
        let packet = *next;
        key.clear();
        for (index, axis) in series.axes.iter().enumerate() {
            let place = axis.place(packet, digits[index]);
            places[index] = place;
            if !series.plain[index] {
                key.push(place);
            }
        }
        let over;
        (*next, over) = packet.overflowing_add(*stride);
        if over {
            series.digits(*next, digits);
        } else {
            series.advance(digits, *stride);
        }
        match templates.find(key, series, packet)? {
            Some(template) => Ok(template.fill(&series.axes, places, packet)),
            None => {
                *built = series.build(packet)?;
                Ok(built)
            }
        }
    }
}

impl Templates {
    /// The template for a key; `None` where there can be none.
    fn find(&mut self, key: &[u128], series: &Series, packet: u64) -> Result<Option<&mut Template>, SeriesError> {
        if self.list.is_empty() || key != self.current_key {
            self.current = match self.by_key.get(key) {
                Some(known) => *known,
                None => {
                    let template = Template::new(&series.layers(packet), &series.axes, &series.plain);
                    let Some(template) = template.map_err(|error| series.error(packet, error))? else {
                        return Ok(None);
                    };
                    self.add(key, template)
                }
            };
            self.current_key.clear();
            self.current_key.extend(key);
        }
        Ok(self.list.get_mut(self.current))
    }

    /// Adds a template: where it is. One that is not to be kept takes the last
    /// place, until the next one does.
    fn add(&mut self, key: &[u128], template: Template) -> usize {
        self.list.truncate(self.by_key.len());
        self.keep &= self.size + template.size() <= MUCH;
        if self.keep {
            self.size += template.size();
            self.by_key.insert(key.into(), self.list.len());
        }
        self.list.push(template);
        self.list.len() - 1
    }
}
