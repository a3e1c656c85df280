using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class JsonCursorTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData(" [ ] ")]
    [InlineData("[1,-0,0.5,-1.25e+10,1E-3,1e5]")]
    [InlineData("[NaN,Infinity,-Infinity,Inf,-Inf]")]
    [InlineData("""{"a":[true,false,null,"x\u00e9\ud83d\ude42\n\"\\\/\b\f\r\t"],"b":{"c":[]}}""")]
    [InlineData("\uFEFF{}")]
    [InlineData("\"naïve 日本語 🙂\"")]
    public void Skip_Document_IsAccepted(string text) => Assert.Null(Check(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("", 0)]
    [InlineData("hello", 0)]
    [InlineData("{\"a\":1,}", 7)]
    [InlineData("[1,]", 3)]
    [InlineData("[,1]", 1)]
    [InlineData("{'a':1}", 1)]
    [InlineData("{a:1}", 1)]
    [InlineData("{\"a\" 1}", 5)]
    [InlineData("[1 2]", 3)]
    [InlineData("[04]", 2)]
    [InlineData("[+4]", 1)]
    [InlineData("[0x4]", 2)]
    [InlineData("[1.]", 3)]
    [InlineData("[.5]", 1)]
    [InlineData("[1e]", 3)]
    [InlineData("[-]", 2)]
    [InlineData("[-NaN]", 2)]
    [InlineData("[NAN]", 1)]
    [InlineData("[nan]", 1)]
    [InlineData("[Infin]", 4)]
    [InlineData("[tru]", 1)]
    [InlineData("{} {}", 3)]
    [InlineData("[] /* x */", 3)]
    [InlineData("\"abc", 4)]
    [InlineData("\"a\\x\"", 2)]
    [InlineData("\"a\\u12\"", 2)]
    [InlineData("\"\\ud800\"", 1)]
    [InlineData("\"\\udc00\"", 1)]
    [InlineData("\"\\ud800\\u0041\"", 1)]
    [InlineData("\"a\u0001\"", 2)]
    [InlineData("[1]\0", 3)]
    [InlineData("[}", 1)]
    [InlineData("{]", 1)]
    [InlineData("[[1}", 3)]
    public void Skip_Broken_SaysWhere(string text, int offset) => Assert.Equal(offset, Check(Encoding.UTF8.GetBytes(text))?.Offset);

    [Fact]
    public void Skip_InvalidUtf8_SaysWhere() => Assert.Equal(3, Check([(byte)'"', 0xC3, 0xA9, 0xFF, (byte)'"'])?.Offset);

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(250_000, false)]
    public void Skip_Deep_IsLimited(int depth, bool isAccepted)
    {
        Assert.Equal(isAccepted, Check(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth))) is null);
        var mixed = string.Concat(Enumerable.Repeat("{\"a\":[", depth / 2)) + "1" + string.Concat(Enumerable.Repeat("]}", depth / 2));
        Assert.Equal(depth <= 101, Check(Encoding.UTF8.GetBytes(mixed)) is null);
    }

    [Fact]
    public void Any_Document_AgreesWithTheBaseLibrary() => Documents.Sample(static document => Compare(Encoding.UTF8.GetBytes(document)), iter: 2000);

    [Fact]
    public void Any_MutatedDocument_AgreesWithTheBaseLibrary() =>
        Gen.Select(Documents, Gen.Int[0, 1 << 20], Gen.OneOfConst("\"", "\\", "[", "]", "{", "}", ",", ":", "1", "0", "-", ".", "e", "t", "n", " ", "", "\u0001", "é", "\\u00e9", "\\ud83d"))
            .Sample(static (document, place, text) => Compare(Encoding.UTF8.GetBytes(document.Remove(place % document.Length, 1).Insert(place % document.Length, text))), iter: 5000);

    [Fact]
    public void Any_Bytes_NeverThrow() => Gen.Byte.Array[0, 64].Sample(static bytes => { Check(bytes); }, iter: 5000);

    [Fact]
    public void Any_Double_ReadsAsTheBaseLibraryDoes() => Gen.Double.Sample(static value =>
    {
        if (double.IsFinite(value))
        {
            Assert.Equal(value, ReadDouble(value.ToString("R", CultureInfo.InvariantCulture)));
            var longer = value.ToString("E20", CultureInfo.InvariantCulture);
            Assert.Equal(double.Parse(longer, CultureInfo.InvariantCulture), ReadDouble(longer));
        }
    });

    [Fact]
    public void Any_String_ReadsBackAsItWas() => Gen.String.Sample(static text =>
    {
        // A test string may hold halves of surrogate pairs, which no UTF-8 holds.
        var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        Assert.Equal(whole, ReadString(JsonSerializer.Serialize(whole)));
        using var written = new PooledText();
        JsonStringWriter.Write(written, text);
        Assert.Equal(whole, ReadString(Encoding.UTF8.GetString(written.ToArray())));
    });

    private static Gen<string> Strings { get; } = Gen.String.Select(static text => JsonSerializer.Serialize(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))));

    private static Gen<string> Scalars { get; } = Gen.OneOf(
        Strings,
        Gen.OneOfConst("true", "false", "null", "0", "-0", "1.5e10", "\"\""),
        Gen.Long.Select(static value => value.ToString(CultureInfo.InvariantCulture)),
        Gen.Double.Where(static value => double.IsFinite(value)).Select(static value => value.ToString("R", CultureInfo.InvariantCulture)));

    private static Gen<string> Documents { get; } = Gen.Recursive<string>((depth, inner) => depth > 4
        ? Scalars
        : Gen.Frequency(
            (2, Scalars),
            (1, inner.Array[0, 4].Select(static values => "[" + string.Join(", ", values) + "]")),
            (1, Gen.Select(Strings, inner).Array[0, 4].Select(static members => "{" + string.Join(",", members.Select(static member => member.Item1 + ": " + member.Item2)) + "}"))));

    private static JsonFailure? Check(byte[] text)
    {
        var json = new JsonCursor(text);
        _ = !json.Failed && json.TrySkip() && json.TryEnd();
        return json.Failure;
    }

    private static void Compare(byte[] text)
    {
        var isAccepted = true;
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = JsonCursor.MaxDepth });
            isAccepted = AreWhole(document.RootElement);
        }
        catch (JsonException)
        {
            isAccepted = false;
        }

        Assert.Equal(isAccepted, Check(text) is null);
    }

    /// <summary>The base library looks at surrogates only when a string is asked for.</summary>
    private static bool AreWhole(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Array => element.EnumerateArray().All(AreWhole),
                JsonValueKind.Object => element.EnumerateObject().All(static member => member.Name is not null && AreWhole(member.Value)),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static double ReadDouble(string text)
    {
        var json = new JsonCursor(Encoding.UTF8.GetBytes(text));
        Assert.Equal(ElementOutcome.Read, RealReader<double>.Read(ref json, out var value));
        Assert.True(json.TryEnd());
        return value;
    }

    private static string ReadString(string text)
    {
        var json = new JsonCursor(Encoding.UTF8.GetBytes(text));
        Assert.True(json.TryReadString(out var read));
        Assert.True(json.TryEnd());
        Assert.Equal(Encoding.UTF8.GetByteCount(read.ToString()), read.Length);
        return read.ToString();
    }
}
