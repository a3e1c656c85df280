using System.Text;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>The headers that are read: an input has a value of each in a line, Accept-Encoding in the rest.</summary>
internal sealed class HeaderTarget : IFuzzTarget
{
    private const int ContentLength = 1000;

    public string Name => "headers";

    public IReadOnlyList<byte[]> Seeds { get; } =
        [.. new[] { "gzip\n12\ngzip, deflate;q=0.5\n*;q=0", "deflate\n0\ndeflate;q=1.000, identity;q=0.001", "identity\n1000\n;,;q=,gzip ; Q=0.9" }.Select(Encoding.Latin1.GetBytes)];

    public IReadOnlyList<string> Words { get; } = ["gzip", "GZIP", "deflate", "identity", ";q=", "q=1e-5", "0.5", "NaN", "Infinity", ",", ";", "\n", " ", "\t", "-", "+", "1001", "99999999999999999999", "*"];

    public string Run(byte[] input)
    {
        var lines = Encoding.Latin1.GetString(input).Split('\n', 3);
        var isKnown = ContentCodings.TryParse(lines[0], out var coding);
        Check.That(isKnown || coding == ContentCoding.Identity, $"no coding is {coding}");
        var context = new DefaultHttpContext();
        context.Request.ContentLength = ContentLength;
        context.Request.Headers[InferResponseWriter.HeaderLengthName] = lines.Length > 1 ? lines[1] : "";
        var error = HeaderLength.Read(context.Request, out var length);
        Check.That(error is not null || length is >= 0 and <= ContentLength, $"the JSON has {length} of {ContentLength} bytes");
        var accepted = lines.Length > 2 ? lines[2].Split('\n') : [];
        var chosen = ContentCodings.Choose(new StringValues(accepted));
        Check.That(chosen == ContentCoding.Identity || accepted.Any(line => line.Contains(ContentCodings.NameOf(chosen), StringComparison.OrdinalIgnoreCase)), $"{chosen} was not accepted");
        return error is null && isKnown ? $"read {coding} {chosen}" : $"{isKnown} {chosen} {(error is null ? "" : Check.IsClean(error))}";
    }
}
