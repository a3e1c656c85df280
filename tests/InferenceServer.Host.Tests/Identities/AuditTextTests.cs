using InferenceServer.Host.Identities;
using Xunit;

namespace InferenceServer.Host.Tests.Identities;

public sealed class AuditTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("east::add_sub", "east::add_sub")]
    [InlineData("a\r\nb\tc\0", "a??b?c?")]
    [InlineData("a\u2028b\u202ec\u001b[31m", "a?b?c?[31m")]
    [InlineData("größe", "größe")]
    public void Of_Text_IsOneLine(string? text, string expected) => Assert.Equal(expected, AuditText.Of(text));

    [Fact]
    public void Of_LongText_IsCut() => Assert.Equal(128, AuditText.Of(new string('x', 5000)).Length);
}
