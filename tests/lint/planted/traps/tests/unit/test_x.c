TEST(there)
{
}
TEST(r01_named)
