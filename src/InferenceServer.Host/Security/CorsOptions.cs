using System.Collections.Immutable;

namespace InferenceServer.Host.Security;

/// <summary>Which pages in browsers may call.</summary>
/// <param name="Origins">Where the pages are from; <c>*</c> alone for anywhere.</param>
/// <param name="Headers">The headers that they may send beside those that the server has a meaning for.</param>
internal sealed record CorsOptions(ImmutableArray<string> Origins, ImmutableArray<string> Headers);
