using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>From bytes to a document: what both formats have in common.</summary>
internal static class DocumentReader
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    public static ModelConfigDocument ReadText(string fileName, ReadOnlyMemory<byte> utf8) =>
        Read(fileName, utf8, static (bytes, descriptor, problems) =>
            TextFormatReader.Read(System.Text.Encoding.UTF8.GetString(bytes.Span), descriptor, problems));

    public static ModelConfigDocument ReadJson(string fileName, ReadOnlyMemory<byte> utf8) =>
        Read(fileName, utf8, JsonConfigReader.Read);

    private static ModelConfigDocument Read(
        string fileName, ReadOnlyMemory<byte> utf8, Func<ReadOnlyMemory<byte>, MessageDescriptor, ProblemList, MessageNode> read)
    {
        var problems = new ProblemList(fileName);
        if (utf8.Span.StartsWith(ByteOrderMark))
        {
            utf8 = utf8[ByteOrderMark.Length..];
        }

        if (utf8.Length > ModelConfigDocument.MaxBytes)
        {
            problems.Add(default, FormattableString.Invariant($"the file has {utf8.Length} bytes; a configuration has at most {ModelConfigDocument.MaxBytes}"));
        }
        else if (!Utf8.IsValid(utf8.Span))
        {
            problems.Add(new JsonPlaces(utf8).Of(FirstInvalid(utf8.Span)), "the bytes here are not valid UTF-8", "save the file as UTF-8");
        }
        else
        {
            var root = read(utf8, global::Inference.ModelConfig.Descriptor, problems);
            var message = global::Inference.ModelConfig.Parser.ParseFrom(MessageEncoder.Encode(root));
            return new ModelConfigDocument(fileName, message, PositionIndex.Of(root), problems.ToImmutable());
        }

        return new ModelConfigDocument(fileName, new global::Inference.ModelConfig(), ConfigPositions.Empty, problems.ToImmutable());
    }

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (System.Text.Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }
}
