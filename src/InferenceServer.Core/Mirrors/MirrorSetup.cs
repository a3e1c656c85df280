using System.Collections.Immutable;
using System.IO.Abstractions;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Mirrors;

/// <summary>What all mirrors of a process share.</summary>
/// <param name="Files">The file system.</param>
/// <param name="Options">The limits.</param>
/// <param name="BareExtensions">The extensions, with their dots, of files that are whole models.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Where it is told.</param>
internal sealed record MirrorSetup(IFileSystem Files, MirrorOptions Options, ImmutableArray<string> BareExtensions, TimeProvider Time, ILogger Logger);
