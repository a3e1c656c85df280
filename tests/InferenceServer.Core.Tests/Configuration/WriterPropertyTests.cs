using System.Collections.Concurrent;
using System.Text;
using CsCheck;
using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class WriterPropertyTests
{
    [Fact]
    public void Text_WrittenAndRead_IsTheSameMessageAndText() =>
        MessageGen.Message.Sample(static message =>
        {
            var text = ModelConfigTextWriter.Write(message);
            var document = ModelConfigDocument.ReadText("config.pbtxt", Encoding.UTF8.GetBytes(text));

            Assert.Empty(document.Problems);
            Assert.Equal(message, document.Message);
            Assert.Equal(text, ModelConfigTextWriter.Write(document.Message));
        }, iter: 1000);

    [Fact]
    public void Json_WrittenAndRead_IsTheSameMessageAndJson() =>
        MessageGen.Message.Sample(static message =>
        {
            var json = ModelConfigJsonWriter.Write(message);
            var document = ModelConfigDocument.ReadJson("config.json", json);

            Assert.Empty(document.Problems);
            Assert.Equal(message, document.Message);
            Assert.Equal(json, ModelConfigJsonWriter.Write(document.Message));
        }, iter: 1000);

    [Fact]
    public void Message_OfEveryField_IsGenerated()
    {
        // A generator that leaves out the hard fields proves nothing.
        var seen = new ConcurrentBag<string>();
        MessageGen.Message.Sample(message => seen.Add(ModelConfigTextWriter.Write(message)), iter: 500);
        var text = string.Concat(seen);

        foreach (var field in new[] { "sequence_batching", "initial_state", "minimum_slot_utilization", "buckets", "graph_lower_bound", "priority_queue_policy", "random_data", "step" })
        {
            Assert.Contains(field, text, StringComparison.Ordinal);
        }
    }
}
