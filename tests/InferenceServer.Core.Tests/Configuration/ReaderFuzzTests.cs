using System.Collections.Immutable;
using System.Text;
using CsCheck;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class ReaderFuzzTests
{
    private const string Valid = """
        name: "m" # the folder
        backend: 'onnxruntime'
        max_batch_size: 8
        input [ { name: "X" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 2 ] } } ]
        output < name: "Y" data_type: 11, dims: 2; label_filename: "l\x41\u00e9.txt" >
        dynamic_batching { preferred_batch_size: [ 4, 0x8 ] max_queue_delay_microseconds: 100 priority_queue_policy { key: 1 value { max_queue_size: 9 } } }
        parameters { key: "a" value { string_value: "1" "2" } }
        version_policy { specific { versions: [ 1 ] } }
        model_metrics { metric_control { histogram_options { buckets: [ 1.0f, -inf, 2e-3 ] } } }
        """;

    private static readonly string[] s_scraps =
        ["{", "}", "[", "]", "<", ">", ":", ",", ";", "\"", "'", "\\", "#", "\n", "-", "0x", "1e", "9999999999999999999999", "\0", "\u00e9", "name", "input",
         "dims: [", "null", "\\u", "\\ud800", "\\U00110000", "nan", ".", "true", "//", "\ud83d\ude00", "key", "1.5f", "oneof", "{\"a\":"];

    [Fact]
    public void ReadText_MutatedFiles_NeverThrows() => Fuzz(Encoding.UTF8.GetBytes(Valid), ModelConfigDocument.ReadText);

    [Fact]
    public void ReadJson_MutatedFiles_NeverThrows() => Fuzz(ModelConfigJsonWriter.Write(Text(Valid).Message), ModelConfigDocument.ReadJson);

    [Fact]
    public void Seed_Unmutated_IsValid() => Assert.Empty(Text(Valid).Problems);

    [Fact]
    public void Read_AnyBytes_NeverThrows() =>
        Gen.Byte.Array[0, 200].Sample(static bytes =>
        {
            CheckProblems(ModelConfigDocument.ReadText("f", bytes).Problems, bytes);
            CheckProblems(ModelConfigDocument.ReadJson("f", bytes).Problems, bytes);
        }, iter: 5000);

    private static void Fuzz(byte[] seed, Func<string, ReadOnlyMemory<byte>, ModelConfigDocument> read)
    {
        var edit = Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Int[0, 12], Gen.OneOfConst(s_scraps), Gen.Byte);
        edit.Array[1, 6].Sample(edits =>
        {
            var bytes = seed.ToList();
            foreach (var (at, remove, scrap, raw) in edits)
            {
                var place = Math.Min(at, bytes.Count);
                bytes.RemoveRange(place, Math.Min(remove, bytes.Count - place));
                bytes.InsertRange(place, raw < 8 ? [(byte)(raw << 5)] : Encoding.UTF8.GetBytes(scrap));
            }

            byte[] file = [.. bytes];
            var document = read("f", file);
            CheckProblems(document.Problems, file);
            if (ModelConfigDeclaration.TryDeclare(document, Folder(), Backends, out var declared, out var problems))
            {
                ModelConfigCompletion.TryComplete(declared, Batchable, new(), out _, out problems);
            }

            CheckProblems(problems, file);
        }, iter: 5000);
    }

    // Every problem is one line of text and lies inside the file.
    private static void CheckProblems(ImmutableArray<ConfigProblem> problems, byte[] file)
    {
        var lines = 1 + file.Count(static value => value == (byte)'\n');
        foreach (var problem in problems)
        {
            Assert.InRange(problem.Line, 0, lines);
            Assert.Equal(problem.Line == 0, problem.Column == 0);
            Assert.NotEqual("", problem.Message);
            Assert.DoesNotContain(problem.ToString(), char.IsControl);
        }
    }
}
