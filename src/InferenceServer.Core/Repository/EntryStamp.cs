namespace InferenceServer.Core.Repository;

/// <summary>
/// What the file system says of an entry itself, not of what a link leads to. The time of the last change is the one that nobody can set: it moves when
/// the content is written to, when a folder gets or loses an entry, and when owner, rights or the other times are changed.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The file system that it is on.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Changed">When it was last changed. Nanoseconds since 1970.</param>
internal readonly record struct EntryStamp(EntryKind Kind, ulong Device, ulong Inode, ulong Bytes, long Changed);
