//! The one libpcap function that the `pcap` crate does not offer.

/// What the libpcap in use calls itself ("libpcap version 1.10.3 …"); `None`
/// when this build has none.
#[cfg(feature = "pcap")]
pub fn version() -> Option<String> {
    // Keeps the crate, and with it the library, linked.
    use pcap as _;
    unsafe extern "C" {
        fn pcap_lib_version() -> *const libc::c_char;
    }
    // SAFETY: takes nothing, and returns a constant NUL-terminated string that
    // lives as long as the library.
    let text = unsafe { std::ffi::CStr::from_ptr(pcap_lib_version()) };
    Some(text.to_string_lossy().into_owned())
}

/// What the libpcap in use calls itself ("libpcap version 1.10.3 …"); `None`
/// when this build has none.
#[cfg(not(feature = "pcap"))]
pub fn version() -> Option<String> {
    None
}
