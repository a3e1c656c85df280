using System.IO.Compression;
using Grpc.Core;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Compression;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>
/// Compressed bodies. The first byte of an input says how the rest becomes one: as it is, compressed by either wrapper, or compressed and then cut short
/// or damaged, since changes of compressed bytes seldom get past their checksums.
/// </summary>
internal sealed class CompressedBodyTarget : IFuzzTarget
{
    private static readonly byte[] s_body = [.. """{"inputs":[{"name":"A","datatype":"UINT8","shape":[3],"data":[1,2,255]}]}"""u8];

    public string Name => "compressed-body";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, .. Gzip(s_body)], [0, .. Zlib(s_body)], [1, .. s_body], [2, .. s_body], [3, .. s_body], [4, 20, .. s_body],
        [1, .. """{"inputs":[]}"""u8, .. new byte[30_000].Select(static _ => (byte)' ')],
        [0, .. Gzip([]), .. Gzip(s_body)],
    ];

    public IReadOnlyList<string> Words { get; } = ["\u001f\u008b", "x\u009c", "{\"inputs\":[]}", "          "];

    public string Run(byte[] input)
    {
        var body = Body(input);
        var known = BodyReader.Read(body, FuzzModels.Three, null, isLengthKnown: true, isCompressed: true, piece: 1 + (input.Length % 31));
        var open = BodyReader.Read(body, FuzzModels.Three, null, isLengthKnown: false, isCompressed: true, piece: int.MaxValue);
        Check.That(known == open || body.Length > BodyReader.MaxInputSize, $"with its length: {known}; without: {open}");
        CheckMessage(body);
        return BodyReader.Form(known);
    }

    /// <summary>The same bytes as a compressed gRPC message: nothing but its limit and a status end it.</summary>
    private static void CheckMessage(byte[] body)
    {
        using Stream inflating = body is [0x1F, 0x8B, ..] ? new GZipStream(new MemoryStream(body), CompressionMode.Decompress) : new ZLibStream(new MemoryStream(body), CompressionMode.Decompress);
        using var message = new BoundedInflation(inflating, BodyReader.MaxInputSize);
        using var content = new MemoryStream();
        try
        {
            message.CopyTo(content);
        }
        catch (RpcException exception)
        {
            Check.That(exception.StatusCode is StatusCode.InvalidArgument or StatusCode.ResourceExhausted, exception.Status.ToString());
        }

        Check.That(content.Length <= BodyReader.MaxInputSize, $"{content.Length} bytes came out");
    }

    private static byte[] Body(byte[] input)
    {
        if (input.Length < 2)
        {
            return [];
        }

        var rest = input[1..];
        switch (input[0] % 5)
        {
            case 0:
                return rest;
            case 1:
                return Gzip(rest);
            case 2:
                return Zlib(rest);
            case 3:
                var whole = Gzip(rest);
                return whole[..(whole.Length * (input[0] + 1) / 257)];
            default:
                var damaged = Zlib(rest[1..]);
                if (damaged.Length > 0)
                {
                    damaged[rest[0] % damaged.Length] ^= (byte)(1 + (input[0] / 5));
                }

                return damaged;
        }
    }

    private static byte[] Gzip(byte[] content) => Compress(content, static to => new GZipStream(to, CompressionLevel.Fastest));

    private static byte[] Zlib(byte[] content) => Compress(content, static to => new ZLibStream(to, CompressionLevel.Fastest));

    private static byte[] Compress(byte[] content, Func<Stream, Stream> make)
    {
        using var bytes = new MemoryStream();
        using (var compressing = make(bytes))
        {
            compressing.Write(content);
        }

        return bytes.ToArray();
    }
}
