using System.IO.Abstractions;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

public sealed class ClassLabelTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\ntwo words\r\n", new[] { "one", "two words" })]
    [InlineData("\uFEFFone\n\nthree", new[] { "one", "", "three" })]
    [InlineData("\n", new[] { "" })]
    public void TryParse_AnyLineEnds_GivesOneLabelALine(string text, string[] expected)
    {
        Assert.True(ClassLabels.TryParse(Encoding.UTF8.GetBytes(text), 10, out var labels, out _));
        Assert.Equal(expected, Enumerable.Range(0, labels.Count).Select(i => Encoding.UTF8.GetString(labels[i])));
        Assert.True(labels[labels.Count].IsEmpty);
    }

    [Fact]
    public void TryParse_TooManyLines_NamesTheLimit()
    {
        Assert.False(ClassLabels.TryParse("a\nb\nc"u8.ToArray(), 2, out _, out var problem));
        Assert.Equal("it has more than 2 lines", problem);
    }

    [Fact]
    public void TryParse_LineTooLong_NamesTheLine()
    {
        var text = Encoding.ASCII.GetBytes("a\n" + new string('b', ClassLabels.MaxLabelBytes + 1));
        Assert.False(ClassLabels.TryParse(text, 10, out _, out var problem));
        Assert.Equal("line 2 has 4097 bytes, expected at most 4096", problem);
    }

    [Fact]
    public async Task ReadAsync_FileInTheFolder_BelongsToItsOutput()
    {
        using var folder = new TemporaryDirectory();
        folder.Write("labels.txt", "cat\ndog");
        var labels = await ReadAsync(folder.FullPath, "labels.txt");
        Assert.Equal("dog", Encoding.UTF8.GetString(labels["Y"][1]));
        Assert.Single(labels);
    }

    [Fact]
    public async Task ReadAsync_NoSuchFile_SaysWhichOutputAndNoPath()
    {
        using var folder = new TemporaryDirectory();
        var error = await Assert.ThrowsAsync<BackendException>(async () => await ReadAsync(folder.FullPath, "labels.txt"));
        Assert.Equal("label_filename of output 'Y': 'labels.txt' is not in the model's folder", error.Message);
    }

    [Fact]
    public async Task ReadAsync_FileTooLarge_IsRefusedUnread()
    {
        using var folder = new TemporaryDirectory();
        folder.Write("labels.txt", new byte[ClassLabelReader.MaxFileBytes + 1]);
        var error = await Assert.ThrowsAsync<BackendException>(async () => await ReadAsync(folder.FullPath, "labels.txt"));
        Assert.Contains($"expected at most {ClassLabelReader.MaxFileBytes}", error.Message, StringComparison.Ordinal);
    }

    private static async Task<System.Collections.Immutable.ImmutableDictionary<string, ClassLabels>> ReadAsync(string folder, string name)
    {
        var plain = ServedModelFixture.Tensor("X", TensorDataType.Fp32, 0, 4);
        var config = new ModelConfig
        {
            Name = "m",
            Backend = "fake",
            Inputs = [plain],
            Outputs = [plain, plain with { Name = "Y", LabelFilename = name }],
            InstanceGroups = [],
        };
        return await new ClassLabelReader(new FileSystem(), new EntryGuard(new FileSystem(), [], false)).ReadAsync(folder, config, TestContext.Current.CancellationToken);
    }
}
